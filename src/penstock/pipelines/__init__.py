"""The whole pipeline as one YAML file: plan, apply, show; and its status."""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

if TYPE_CHECKING:
    from penstock.pipelines.document import PipelineInvalid
    from penstock.pipelines.model import Change, PipelineText, Plan
    from penstock.pipelines.verbs import apply, plan, show

__all__ = ["Change", "PipelineInvalid", "PipelineText", "Plan", "apply", "plan", "show"]

__getattr__ = lazily(__name__)
