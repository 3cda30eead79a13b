"""TFBertForSequenceClassification: one class, several labels or a number for each text."""

from __future__ import annotations

import keras

from tfbert.layers.classification_head import ClassificationHead
from tfbert.models.pretrained_model import BertPreTrainedModel
from tfbert.outputs import TFSequenceClassifierOutput
from tfbert.training.losses import check_labels, sequence_classification_loss


@keras.saving.register_keras_serializable(package="tfbert")
class TFBertForSequenceClassification(BertPreTrainedModel):
    """BERT with dropout and a dense layer on the pooled vector.

    Args:
        config: `BertConfig`; `num_labels` and `problem_type` say what the head answers.
        execution: str, default "auto"; see `TFBertModel`.
        **kwargs: `name` and `dtype` of the Keras model.

    Returns:
        Called, a `TFSequenceClassifierOutput` with `logits` float32 [B, K] and, where `labels` are given (int [B], or
        float [B, K] for several labels, or float [B] for regression), the scalar `loss`.

    Example:
        >>> from tfbert import BertConfig, TFBertForSequenceClassification
        >>> config = BertConfig(vocab_size=99, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, num_labels=3)
        >>> TFBertForSequenceClassification(config)([[5, 6, 7]]).logits.shape
        TensorShape([1, 3])

    Source: `TFBertForSequenceClassification` of Hugging Face transformers 4, with PyTorch's losses.
    """

    def __init__(self, config, execution="auto", **kwargs):
        super().__init__(config, add_pooling_layer=True, execution=execution, **kwargs)
        self.classifier: ClassificationHead
        self._make_head()

    def _make_head(self) -> None:
        config = self.config
        self.classifier = ClassificationHead(
            config.num_labels, config.head_dropout, config.initializer_range, name="classifier"
        )
        self.classifier.build((None, config.hidden_size))

    def replace_head(self, **labels) -> None:
        """Put a new, untrained head in place for other labels.

        Args:
            **labels: Label fields of the config: `num_labels`, `id2label`, `label2id`, `problem_type`.

        Example:
            >>> model.replace_head(id2label={0: "no", 1: "yes"})  # doctest: +SKIP
        """
        self.config = self.config.replace(**labels)
        self._tracker.untrack(self.classifier)  # Keras would go on training and saving the layer that it replaces
        self._make_head()
        self.forget_compiled_functions()

    def call(
        self,
        input_ids=None,
        attention_mask=None,
        token_type_ids=None,
        position_ids=None,
        head_mask=None,
        inputs_embeds=None,
        output_attentions=None,
        output_hidden_states=None,
        return_dict=None,
        labels=None,
        training=False,
    ):
        inputs = {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "token_type_ids": token_type_ids,
            "position_ids": position_ids,
            "head_mask": head_mask,
            "inputs_embeds": inputs_embeds,
        }
        outputs = self._run_bert(inputs, output_attentions, output_hidden_states, training)
        logits = self.classifier(outputs["pooler_output"], training=training)  # [B, K]
        output = TFSequenceClassifierOutput(
            loss=None if labels is None else self._loss_of(labels, logits),
            logits=logits,
            hidden_states=outputs.get("hidden_states"),
            attentions=outputs.get("attentions"),
        )
        return self._returned(output, return_dict)

    def _loss_of(self, labels, logits):
        self.check_labels(labels, logits.shape[0])
        return self.default_loss(labels)(labels, logits)

    def default_loss(self, labels=None) -> keras.losses.Loss:
        """Return the loss of the config's `problem_type`; where it names none, labels decide."""
        return sequence_classification_loss(self.config, labels)

    def check_labels(self, labels, rows) -> None:
        """Refuse labels whose shape does not belong to the problem type."""
        check_labels(self.config, labels, rows)
