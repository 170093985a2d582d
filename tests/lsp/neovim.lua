-- Runs in Neovim without a screen: opens a file, waits for findings, completes a key, and writes both as JSON.
-- Arguments by environment: TIEOUT_COMMAND (JSON list), TIEOUT_FILE, TIEOUT_ROOT, TIEOUT_RESULT, TIEOUT_LINE, TIEOUT_TEXT.

local result = {}

local function finish()
  local file = io.open(vim.env.TIEOUT_RESULT, "w")
  file:write(vim.fn.json_encode(result))
  file:close()
  vim.cmd("qall!")
end

vim.cmd("edit " .. vim.fn.fnameescape(vim.env.TIEOUT_FILE))
local client = vim.lsp.start_client({
  name = "tieout",
  cmd = vim.fn.json_decode(vim.env.TIEOUT_COMMAND),
  root_dir = vim.env.TIEOUT_ROOT,
  workspace_folders = { { uri = vim.uri_from_fname(vim.env.TIEOUT_ROOT), name = "workspace" } },
})
vim.lsp.buf_attach_client(0, client)

local found = vim.wait(90000, function() return #vim.diagnostic.get(0) > 0 end, 100)
result.waited = found
result.diagnostics = vim.tbl_map(function(each)
  return { line = each.lnum + 1, column = each.col + 1, code = each.code, message = each.message }
end, vim.diagnostic.get(0))

-- Write the beginning of a key and ask what it can become.
local line = tonumber(vim.env.TIEOUT_LINE)
vim.api.nvim_buf_set_lines(0, line, line, false, { vim.env.TIEOUT_TEXT })
vim.api.nvim_win_set_cursor(0, { line + 1, #vim.env.TIEOUT_TEXT })
local params = vim.lsp.util.make_position_params(0, "utf-16")
params.position = { line = line, character = #vim.env.TIEOUT_TEXT }
local answers = vim.lsp.buf_request_sync(0, "textDocument/completion", params, 60000) or {}
result.labels = {}
for _, answer in pairs(answers) do
  for _, item in ipairs((answer.result or {}).items or {}) do
    table.insert(result.labels, item.label)
  end
end
finish()
