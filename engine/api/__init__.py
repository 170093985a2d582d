"""The façade: what the command line, the language server and programs use of the engine.

One module per theme; everything heavy is imported inside the functions, so that asking one thing loads only what it
needs.
"""

from engine.api.catalog import catalog_site as catalog_site
from engine.api.catalog import write_site as write_site
from engine.api.checking import changed_files as changed_files
from engine.api.checking import concerning as concerning
from engine.api.checking import fix as fix
from engine.api.checking import report_outputs as report_outputs
from engine.api.checking import unified_diff as unified_diff
from engine.api.checking import without_accepted as without_accepted
from engine.api.checking import write_baseline as write_baseline
from engine.api.checking import write_findings as write_findings
from engine.api.checking import write_texts as write_texts
from engine.api.definitions import compile_workspace as compile_workspace
from engine.api.definitions import evaluate as evaluate
from engine.api.definitions import explain as explain
from engine.api.definitions import lint as lint
from engine.api.editing import EDITOR_SCHEMA_FOLDER as EDITOR_SCHEMA_FOLDER
from engine.api.editing import add_modelines as add_modelines
from engine.api.editing import editor_schema as editor_schema
from engine.api.editing import editor_schemas as editor_schemas
from engine.api.editing import schema_text as schema_text
from engine.api.editing import serve_language as serve_language
from engine.api.editing import write_editor_schemas as write_editor_schemas
from engine.api.fields import Impact as Impact
from engine.api.fields import Why as Why
from engine.api.fields import fields_of as fields_of
from engine.api.fields import impact as impact
from engine.api.fields import why as why
from engine.api.finance import calculate as calculate
from engine.api.finance import export as export
from engine.api.finance import find_document as find_document
from engine.api.finance import measure_usage as measure_usage
from engine.api.finance import prepare as prepare
from engine.api.place import ENVIRONMENT as ENVIRONMENT
from engine.api.place import STATE_FOLDER as STATE_FOLDER
from engine.api.place import Place as Place
from engine.api.place import find_place as find_place
from engine.api.place import init_workspace as init_workspace
from engine.api.place import shipped_workspace as shipped_workspace
from engine.api.place import workspace_root as workspace_root
from engine.api.review import backtest as backtest
from engine.api.review import backtest_event as backtest_event
from engine.api.review import check_compatibility as check_compatibility
from engine.api.review import plan_release as plan_release
from engine.api.review import write_backtest_page as write_backtest_page
from engine.api.rewriting import format_files as format_files
from engine.api.rewriting import format_text as format_text
from engine.api.rewriting import migrate_files as migrate_files
from engine.api.running import call as call
from engine.api.running import doctor as doctor
from engine.api.running import find_daemon as find_daemon
from engine.api.running import operator as operator
from engine.api.running import run_event as run_event
from engine.api.running import serve as serve
from engine.api.running import trace as trace
from engine.api.testing import find_mutants as find_mutants
from engine.api.testing import run_tests as run_tests
from engine.api.testing import thresholds as thresholds
from engine.api.testing import write_text as write_text
from engine.api.values import now as now
from engine.api.values import plain as plain
from engine.api.values import version as version
from engine.api.values import write_json as write_json
