"""What a connector's ``manifest.yaml`` may say: the one declaration, from which decoding and documentation derive.

Names in scope of computed values and blanks: ``input`` (the operation's input), ``key`` (the effect key, cut to
``key_length``), ``settings`` (of the connection) and, where an answer is read, ``reply`` with ``status``,
``headers`` (lower-case names), ``body`` (parsed JSON, or null) and ``text`` (its first 2,000 characters).
"""

from __future__ import annotations

from enum import StrEnum

from engine.base.errors import ErrorClass
from engine.source.span import Span
from engine.spec.shape import ExactlyOne, Map, declare, shape
from engine.spec.values import Duration, Expression, Reference, Template, Tree

NAME = r"[a-z][a-z0-9_]*"
OPERATION_NAME = r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*"


class SettingType(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"


@shape
class Setting:
    """One setting of a connection."""

    type: SettingType = declare("What it holds.", default=SettingType.TEXT)
    required: bool = declare("Whether every connection must give it.", default=False)
    default: Tree | None = declare("What it is if the connection leaves it out.", default=None)
    doc: str = declare("What it is for.")
    span: Span


@shape
class SecretNeed:
    """One secret that a connection gives by reference."""

    required: bool = declare("Whether every connection must give it.", default=True)
    doc: str = declare("What it is for, and where the vendor shows it.")
    span: Span


@shape
class BearerAuthentication:
    """`Authorization: Bearer …`. Nothing is sent if the secret is optional and not given."""

    secret: str = declare("The secret's name.", pattern=NAME)
    span: Span


@shape
class BasicAuthentication:
    """`Authorization: Basic …`."""

    user: str | None = declare("The setting that holds the user name.", default=None)
    user_secret: str | None = declare("The secret that holds the user name, such as an API key.", default=None)
    password: str | None = declare("The secret that holds the password; empty if left out.", default=None)
    span: Span

    RULES = (ExactlyOne(("user", "user_secret")),)


@shape
class HeaderAuthentication:
    """The secret itself in a header of the vendor's choosing."""

    name: str = declare("The header.", example="X-Api-Key")
    secret: str = declare("The secret's name.", pattern=NAME)
    span: Span


@shape
class NoAuthentication:
    """The system asks for none."""

    reason: str = declare("Why that is right.")
    span: Span


@shape
class Authentication:
    """How requests prove who sends them: exactly one way."""

    none: NoAuthentication | None = declare("Not at all.", default=None)
    bearer: BearerAuthentication | None = declare("A bearer token.", default=None)
    basic: BasicAuthentication | None = declare("User and password.", default=None)
    header: HeaderAuthentication | None = declare("A key in a header.", default=None)
    span: Span

    RULES = (ExactlyOne(("none", "bearer", "basic", "header")),)


class OperationKind(StrEnum):
    WRITE = "write"
    READ = "read"


class Method(StrEnum):
    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


class Encoding(StrEnum):
    JSON = "json"
    FORM = "form"


@shape
class Request:
    """How an operation is said in HTTP. In the path, each blank becomes one escaped segment or part of one."""

    method: Method = declare("The method.")
    path: Template = declare("The path below the base URL.", example="/v1/invoices/{{ input.id }}")
    query: Map[Tree] = declare("Query parameters; null ones are left out.", default=Map())
    headers: Map[Tree] = declare("Further headers; null ones are left out.", default=Map())
    body: Tree | None = declare(
        "The body. If left out: the operation's input for POST, PUT and PATCH of JSON; nothing otherwise.",
        default=None,
    )
    encoding: Encoding = declare("How the body is written: `json`, or `form` with nested[keys].", default=Encoding.JSON)
    span: Span


@shape
class Success:
    """What a good answer looks like."""

    status: tuple[int, ...] = declare("Statuses of a good answer.")
    when: Expression | None = declare("What must also be true of the reply.", default=None)
    duplicate: Expression | None = declare("True if the system says that it had the document already.", default=None)
    span: Span


class FieldType(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    MONEY = "money"
    DATE = "date"
    TIMESTAMP = "timestamp"
    ANY = "any"


@shape
class ReceiptField:
    """A further field of the receipt."""

    type: FieldType = declare("What it holds.")
    value: Expression | None = declare("Where it is read from; left out where Python fills it in.", default=None)
    doc: str = declare("What it means.")
    span: Span


@shape
class ReceiptForm:
    """The proof in a good answer. Without an id there is no proof, and the outcome stays unknown."""

    id: Expression = declare("The document's id there.")
    number: Expression | None = declare("Its number for people.", default=None)
    status: Expression | None = declare("Its status there.", default=None)
    span: Span


@shape
class ErrorRule:
    """Which answers mean what. The first rule that applies counts."""

    status: Tree | None = declare(
        "A status, a group such as `5xx`, or a list of them; any if left out.", default=None, example="429"
    )
    when: Expression | None = declare("What must also be true of the reply.", default=None)
    class_: ErrorClass = declare("The failure class. Written as the key `class`.")
    message: Tree = declare("The reason in plain words: text, text with blanks, or computed.")
    span: Span


@shape
class Fallback:
    """What every other answer means; the error map is total because this exists."""

    class_: ErrorClass = declare("The failure class. Written as the key `class`.")
    message: Tree = declare("The reason in plain words.")
    span: Span


class Mechanism(StrEnum):
    HEADER = "header"
    BODY = "body"
    NATURAL = "natural"
    UPSERT = "upsert"
    NONE = "none"


@shape
class Idempotency:
    """What happens when the same operation arrives twice, and how long its fate can stay open."""

    mechanism: Mechanism = declare(
        "`header`: the key travels in a header. `body`: in a field that the request names. `natural`: saying it "
        "twice changes nothing. `upsert`: the key is the document's own. `none`: the system cannot tell."
    )
    header: str | None = declare("The header that carries the key.", default=None, example="Idempotency-Key")
    window: Duration | None = declare("How long a key is remembered; for ever if left out.", default=None)
    failures_remembered: bool = declare(
        "The system answers a repeated key with the stored failure. With `natural` and `upsert` every attempt then "
        "gets a key of its own.",
        default=False,
    )
    refuses_duplicates: bool = declare("The system itself never makes a second document under one key.")
    key_length: int = declare("Most characters that the key may have there (at least 16).", default=64)
    commit_within: Duration = declare("From sending to the latest moment the system may still commit.")
    commit_within_setting: str | None = declare(
        "A setting of whole seconds that replaces `commit_within` on a connection.", default=None, pattern=NAME
    )
    visible_within: Duration = declare("After a commit, the longest time until a read-back sees it.")
    span: Span


@shape
class ReadBack:
    """Finding out by the key what became of an operation, without changing anything.

    Left empty where Python does it. Neither `found` nor `absent` true means that nobody can tell.
    """

    request: Request | None = declare("The question.", default=None)
    found: Expression | None = declare("True if the document exists.", default=None)
    absent: Expression | None = declare("True if it certainly does not.", default=None)
    conflict: Expression | None = declare(
        "Text on what differs from what was sent; null or empty if nothing does.", default=None
    )
    receipt: ReceiptForm | None = declare("The proof, if it is read differently here.", default=None)
    fields: Map[Expression] = declare("Receipt fields that are read differently here.", default=Map())
    span: Span


@shape
class Paging:
    """Reading a list page by page: the next page's parameter is computed from the reply until there is none."""

    elements: Expression = declare("The page's elements.")
    parameter: str = declare("The query parameter that asks for the next page.")
    next: Expression = declare("Its value for the next page; null after the last.")
    pages_max: int = declare("More pages than this are an error.", default=100)
    span: Span


class Side(StrEnum):
    DEBIT = "debit"
    CREDIT = "credit"


@shape
class OperationForm:
    """One operation. Without `request` the connector's Python says it."""

    name: str = declare("Its name.", pattern=OPERATION_NAME, example="invoice.create")
    kind: OperationKind = declare("`write` changes something there, `read` does not.")
    summary: str = declare("What it does, for people.")
    ledger: bool = declare(
        "It makes or changes an accounting document; posting controls must come first.", default=False
    )
    side: Side | None = declare(
        "With `ledger`: the side that lines are booked on which name none, such as `credit` for an invoice's.",
        default=None,
    )
    input: Reference | None = declare("The schema of its input; anything if left out.", default=None)
    output: Reference | None = declare("With `read`: the schema of its answer; anything if left out.", default=None)
    request: Request | None = declare("How it is said in HTTP.", default=None)
    success: Success | None = declare("A good answer.", default=None)
    receipt: ReceiptForm | None = declare("With `write`: the proof.", default=None)
    fields: Map[ReceiptField] = declare("With `write`: further fields of the receipt.", default=Map())
    result: Expression | None = declare("With `read`: the answer; the reply's body if left out.", default=None)
    paging: Paging | None = declare("With `read`: page by page.", default=None)
    errors: tuple[ErrorRule, ...] = declare("Rules that come before the connector's own.", default=())
    idempotency: Idempotency | None = declare("With `write`: needed.", default=None)
    read_back: ReadBack | None = declare("With `write`: how its fate is found out.", default=None)
    reverse: str | None = declare("The operation that undoes it.", default=None)
    span: Span


class SignatureScheme(StrEnum):
    HMAC = "hmac"
    SHARED_SECRET = "shared_secret"  # noqa: S105 a scheme's name


class SignatureLayout(StrEnum):
    PAIRS = "pairs"
    LIST = "list"
    PLAIN = "plain"


class SignedPart(StrEnum):
    ID = "id"
    TIMESTAMP = "timestamp"
    BODY = "body"


class HashName(StrEnum):
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"


class BytesEncoding(StrEnum):
    HEX = "hex"
    BASE64 = "base64"


class SecretForm(StrEnum):
    TEXT = "text"
    BASE64 = "base64"


@shape
class Signature:
    """How a webhook proves who sent it: checked on the bytes as received, before anything is parsed."""

    scheme: SignatureScheme = declare("`hmac`, or `shared_secret`: the header holds the secret itself.")
    secrets: tuple[str, ...] = declare("The secrets that may have signed; several while one is being replaced.")
    header: str = declare("The header with the signature.", example="X-Signature")
    layout: SignatureLayout = declare(
        "`pairs`: `t=…,v1=…,v1=…`. `list`: `v1,… v1,…` with spaces between. `plain`: the signature alone.",
        default=SignatureLayout.PLAIN,
    )
    prefix: str = declare("With `plain`: what stands before the signature.", default="", example="sha256=")
    version: str = declare("With `pairs` and `list`: the name of the signatures that count.", default="v1")
    timestamp_name: str = declare("With `pairs`: the name of the time.", default="t")
    timestamp_header: str | None = declare("The header with the time (Unix seconds).", default=None)
    id_header: str | None = declare("The header with the message's id.", default=None)
    content: tuple[SignedPart, ...] = declare("What is signed, joined by points.", default=(SignedPart.BODY,))
    hash: HashName = declare("The hash function.", default=HashName.SHA256)
    encoding: BytesEncoding = declare("How the signature is written.", default=BytesEncoding.HEX)
    secret_form: SecretForm = declare("Whether the secret's text is the key, or its base64.", default=SecretForm.TEXT)
    secret_prefix: str = declare("With base64: what stands before it in the secret.", default="", example="whsec_")
    tolerance: Duration | None = declare("How old a signed time may be; any age if left out.", default=None)
    tolerance_future: Duration | None = declare("How far ahead it may be; any if left out.", default=None)
    span: Span


@shape
class Webhook:
    """Messages that come in. Places are `body.a.b` or `headers.name`; of several the first that is there counts."""

    signature: Signature = declare("The proof of its sender.")
    id: tuple[str, ...] = declare("The vendor's message id.", example="body.id")
    type: tuple[str, ...] = declare("The message type.", example="body.type")
    time: tuple[str, ...] = declare("When it happened: Unix seconds or RFC 3339.", default=())
    key: tuple[str, ...] = declare("The ordering key.", example="body.data.object.customer")
    span: Span


@shape
class BudgetDefaults:
    """How hard the system may be driven unless the connection says otherwise."""

    concurrency: int = declare("Requests in flight at once.", default=8)
    per_second: int | None = declare("Requests per second; unlimited if left out.", default=None)
    timeout: Duration | None = declare("Longest wait for one answer; 30 seconds if left out.", default=None)
    span: Span


@shape
class ManifestForm:
    """A connector (`connectors/<name>/manifest.yaml`)."""

    name: str = declare("The connector's name, that of its folder.", pattern=NAME)
    summary: str = declare("Which system it speaks to.")
    tested: str = declare("The version of the system or its API that it was tested with.")
    hosts: tuple[str, ...] = declare("Hosts of the vendor's own service; used if a connection names none.", default=())
    base_url: Tree | None = declare("What paths are below: text or computed from `settings`.", default=None)
    headers: Map[Tree] = declare("Headers of every request.", default=Map())
    settings: Map[Setting] = declare("The settings of a connection.", default=Map())
    secrets: Map[SecretNeed] = declare("The secrets of a connection.", default=Map())
    authentication: Authentication | None = declare("How requests prove who sends them.", default=None)
    check: str | None = declare("The read operation that tells whether the system can be reached.", default=None)
    operations: tuple[OperationForm, ...] = declare("What it can do.")
    errors: tuple[ErrorRule, ...] = declare("What failures mean, for all operations.", default=())
    otherwise: Fallback | None = declare("What every other answer means.", default=None)
    webhook: Webhook | None = declare("Messages that come in.", default=None)
    budget: BudgetDefaults | None = declare("How hard the system may be driven.", default=None)
    span: Span
