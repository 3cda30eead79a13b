"""LabelledModel: what models with a head over the config's labels share."""

from __future__ import annotations

from tfbert.layers.classification_head import ClassificationHead
from tfbert.layers.swap_layer import swap_layer
from tfbert.models.pretrained_model import BertPreTrainedModel


class LabelledModel(BertPreTrainedModel):
    """A BERT with dropout and a dense layer for the config's labels, `classifier`.

    Args:
        config: `BertConfig`; `num_labels` says how many labels there are.
        **kwargs: As `BertPreTrainedModel`.
    """

    def make_head(self) -> None:
        """Make dropout and dense layer for the config's labels."""
        self.classifier = ClassificationHead.from_bert_config(self.config)

    def replace_head(self, **labels) -> None:
        """Put a new, untrained head in place for other labels.

        Args:
            **labels: Label fields of the config: `num_labels`, `id2label`, `label2id`, `problem_type`.

        Example:
            >>> model.replace_head(id2label={0: "no", 1: "yes"})  # doctest: +SKIP
        """
        config = self.config.replace(**labels)
        with self.distribute_strategy.scope():
            swap_layer(self, "classifier", ClassificationHead.from_bert_config(config))
        self.take_config(config)
