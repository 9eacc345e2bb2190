"""What importing and using medspaCy would do to the program around it, and must not do here."""

from __future__ import annotations

from pathlib import Path

from tests.hazards.host import host


def test_warnings_of_the_host_are_not_silenced(tmp_path: Path) -> None:
    code = """
import warnings
before = list(warnings.filters)
import extractor
extractor.load()
extractor.extract(NOTE)
added = [repr(f) for f in warnings.filters if f not in before]
lost = [repr(f) for f in before if f not in warnings.filters]
warnings.warn("of the host")
warnings.warn("of the host, deprecated", DeprecationWarning)
print(json.dumps([added, lost]))
"""
    (added, lost), stderr = host(code, tmp_path)
    assert lost == []
    assert [f for f in added if f.startswith("('ignore', None, <class 'Warning'>")] == []
    assert "UserWarning: of the host" in stderr
    assert "DeprecationWarning: of the host, deprecated" in stderr


def test_filters_the_host_sets_stay(tmp_path: Path) -> None:
    code = """
import warnings
warnings.simplefilter("error", FutureWarning)
import extractor
extractor.extract(NOTE)
try:
    warnings.warn("raised", FutureWarning)
except FutureWarning:
    print(json.dumps("raised"))
"""
    assert host(code, tmp_path)[0] == "raised"


def test_nothing_on_standard_error_and_no_handler_on_the_root_logger(tmp_path: Path) -> None:
    code = """
import logging
import extractor
for _ in range(3):
    extractor.extract(NOTE)
root = logging.getLogger()
print(json.dumps([len(root.handlers), root.level]))
"""
    (handlers, level), stderr = host(code, tmp_path)
    assert handlers == 0
    assert level == 30
    assert stderr == ""


def test_nothing_is_logged_even_where_the_host_logs_everything(tmp_path: Path) -> None:
    """loguru prints to standard error by itself; the host's own logger is set to the last detail."""
    code = """
import logging
logging.basicConfig(level=1, stream=sys.stderr)
import extractor
extractor.extract(NOTE)
print(json.dumps(len(logging.getLogger().handlers)))
"""
    handlers, stderr = host(code, tmp_path)
    assert handlers == 1
    assert "Zyxwquint" not in stderr
    assert "hematoma" not in stderr


def test_pyrush_of_the_host_does_not_print_the_note(tmp_path: Path) -> None:
    """medspaCy's own sentence splitter in the same process, as in somebody's own pipeline: its log stays off."""
    code = """
import extractor
extractor.load()
import medspacy
nlp = medspacy.load(medspacy_enable=["medspacy_pyrush"])
nlp.add_pipe("extractor_concepts")
nlp(NOTE)
print(json.dumps("done"))
"""
    _, stderr = host(code, tmp_path)
    assert "Zyxwquint" not in stderr


def test_neither_quickumls_nor_nltk_is_imported(tmp_path: Path) -> None:
    code = """
import extractor
extractor.extract(NOTE)
print(json.dumps(sorted(name for name in ("nltk", "quickumls", "quickumls_simstring", "torch") if name in sys.modules)))
"""
    assert host(code, tmp_path)[0] == []


def test_a_host_that_has_imported_medspacy_itself_keeps_it(tmp_path: Path) -> None:
    code = """
import medspacy
before = sys.modules["medspacy"]
import extractor
result = extractor.extract(NOTE)
print(json.dumps([sys.modules["medspacy"] is before, result.procedure.type]))
"""
    assert host(code, tmp_path)[0] == [True, "localization"]


def test_the_command_for_help_imports_no_pipeline(tmp_path: Path) -> None:
    """Starting is quick because nothing heavy is loaded for it; that is counted here, not timed."""
    code = """
import contextlib, io
from extractor.cli import main
sys.argv = ["extractor", "--help"]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
heavy = ("spacy", "medspacy", "sklearn", "numpy", "thinc", "pandas", "nltk")
print(json.dumps([name for name in heavy if name in sys.modules]))
"""
    assert host(code, tmp_path)[0] == []
