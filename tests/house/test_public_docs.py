"""Every public name is explained: where it stands, and on a page."""

import inspect
import re

import downslope


def explained(value) -> bool:
    """A function shows an example or its arguments; a value has words of its own, not those that dataclass makes up."""
    text = inspect.getdoc(value) or ""
    if inspect.isclass(value):
        return bool(vars(value).get("__doc__")) and not text.startswith(f"{value.__name__}(")
    return not callable(value) or ">>>" in text or "Args:" in text


def test_every_public_name_has_a_docstring_with_an_example_or_its_arguments():
    assert [name for name in downslope.__all__ if not explained(getattr(downslope, name))] == []


def test_every_public_name_stands_on_a_page(project):
    """Named as code, in README.md or docs/: "line" in a sentence explains no function."""
    text = "\n".join(
        page.read_text(encoding="utf-8") for page in [project / "README.md", *(project / "docs").rglob("*.md")]
    )
    code = " ".join(re.findall(r"^```.*?^```|`[^`\n]+`", text, flags=re.DOTALL | re.MULTILINE))
    named = set(re.findall(r"\w+", code))
    assert sorted(set(downslope.__all__) - named) == []
