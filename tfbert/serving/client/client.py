"""Client: a served model, asked by REST or gRPC without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np

from tfbert.export.answer_rows import AnswerRows
from tfbert.export.text_columns import Columns, byte_lengths
from tfbert.option_checks import check_count, checked_batch_size
from tfbert.serving.client.address import Address
from tfbert.serving.client.grpc_channel import GrpcChannel
from tfbert.serving.client.in_flight import in_flight as results_in_flight
from tfbert.serving.client.model_spec import ModelSpec
from tfbert.serving.client.refusal import refusal
from tfbert.serving.client.remote_task import RemoteTask
from tfbert.serving.client.rest_channel import RestChannel
from tfbert.serving.client.retries import Retries
from tfbert.serving.client.signature import Signature
from tfbert.serving.client.task_of_keys import task_of_keys
from tfbert.str_array import as_str_array
from tfbert.tasks.registry import TASKS, find_task
from tfbert.wire.status import Status

DEFAULT_SIGNATURE = "serving_default"


class Client:
    """A model on an embedded server or on TF Serving.

    `predict` gives what `predict` of the task gives, and a call what its `pipeline` returns. Threads may share a
    client.

    Args:
        url: str. "http://host:port" for REST, "grpc://host:port" for gRPC; "https" and "grpcs" by TLS.
        model: str. The name that it is served by.
        version: int or None, default None. A version; None is the newest that is served.
        label: str or None, default None. A version by its label, such as "stable".
        signature: str, default "serving_default". The function that `predict` asks.
        task: str, Mapping or None. The task's name; or what the export wrote into `assets.extra/tfbert.json`, which
            also tells options and labels. None is what the keys of inputs and outputs tell.
        timeout: float, default 30.0. Seconds for a request with all its retries. A call with many rows makes several,
            and the first call asks for the signature before.
        retries: int, default 4. How often a request is sent again where the server is full or away.
        token: str or None, default None. Sent as a bearer token.
        ca_certificate: path of a PEM file or None. Whom to trust; None is the usual authorities.
        batch_size: int, default 32. Rows of a request.
        in_flight: int, default 4. Requests of a call at a time.

    Raises:
        ImportError: If grpcio or urllib3 is missing.
        FileNotFoundError: If there is no such certificate.
        ValueError: If an argument is none of these.

    Example:
        >>> with Client("http://127.0.0.1:8501", model="sentiment") as client:  # doctest: +SKIP
        ...     client.predict(["What a lovely day"])["label"]
        array(['positive'], dtype=object)
        >>> client("What a lovely day")  # doctest: +SKIP
        [{'label': 'positive', 'score': 0.99}]

    Source: TF Serving's REST API and PredictionService.
    """

    def __init__(
        self,
        url: str,
        *,
        model: str,
        version: int | None = None,
        label: str | None = None,
        signature: str = DEFAULT_SIGNATURE,
        task: str | Mapping[str, Any] | None = None,
        timeout: float = 30.0,
        retries: int = 4,
        token: str | None = None,
        ca_certificate: str | PathLike | None = None,
        batch_size: int = 32,
        in_flight: int = 4,
    ):
        address, spec = Address.of(url), ModelSpec(model, version, label)
        if not isinstance(signature, str) or not signature:
            raise ValueError(f"`signature` must be a name, such as {DEFAULT_SIGNATURE!r}. Received: {signature!r}.")
        check_count("in_flight", in_flight)
        self._retries = Retries(retries, timeout)
        self.batch_size, self.in_flight, self.signature = checked_batch_size(batch_size), in_flight, signature
        self._metadata = dict(task) if isinstance(task, Mapping) else {} if task is None else {"task": task}
        if "task" in self._metadata:
            self._metadata["task"] = find_task(self._metadata["task"])
        trusted = None if ca_certificate is None else _certificate(ca_certificate, address)
        self._channel = (GrpcChannel if address.is_grpc else RestChannel)(address, spec, token, trusted)
        self.where = self._channel.where
        self._found: Signature | None = None
        self._is_closed = False

    def __repr__(self) -> str:
        return f"Client({self.where})"

    # === Asking ===

    def predict(self, x: Any, batch_size: int | None = None) -> dict[str, np.ndarray]:
        """Return the answers to texts, in their order.

        Texts of like length share a request.

        Args:
            x: Text as `predict` of the task takes it: str; sequence or array of str or bytes; rows of two texts for a
                model of pairs; a dict of columns, `{"text": …, "text_pair": …}`, or a DataFrame; or a list of dicts,
                one for each row. For the signature `ids` a dict of lists or arrays of integers [B, S].
            batch_size: int or None. Rows of a request; None is the client's.

        Returns:
            A dict of NumPy arrays with one row for each text; strings are Python str. Where answers have several
            entries, rows are padded to the one with the most.

        Raises:
            ServingError: If the server did not answer; its `status` says why. The message repeats the server's; that of
                TF Serving may quote what it was asked, our own never does.
            TypeError, ValueError: If `x` is no text, or has other columns than the model's inputs.
        """
        batch_size = self.batch_size if batch_size is None else checked_batch_size(batch_size)
        signature = self._signature()
        columns = signature.read(x, self.where)
        count = len(next(iter(columns.values())))
        if not count:
            return signature.nothing()
        if count <= batch_size:
            return self._ask(signature, columns)
        order = np.argsort(-byte_lengths(columns), kind="stable") if signature.takes_text else np.arange(count)
        parts = [order[start : start + batch_size] for start in range(0, count, batch_size)]
        answers = AnswerRows(count)
        asked = results_in_flight(
            lambda rows: self._ask(signature, {name: values[rows] for name, values in columns.items()}),
            parts,
            self.in_flight,
        )
        for rows, answer in zip(parts, asked):
            answers.put(answer, rows)
        return answers.arrays()

    def __call__(self, *inputs: Any, batch_size: int | None = None, **options: Any) -> Any:
        """Return what `tfbert.pipeline` of the model returns.

        Args:
            *inputs: What the pipeline of the task takes.
            batch_size: int or None. Rows of a request; None is the client's.
            **options: Further inputs, such as `question` and `context`, or `candidate_labels`; and options, which
                must be those of the export.

        Returns:
            The answer, a list of answers, or an iterator of answers.

        Raises:
            ServingError: If the server did not answer.
            TypeError, ValueError: If an input is wrong, an option is not that of the export, or the model is for no
                task of tfbert.
        """
        task = RemoteTask(self, self.task_name, self._metadata)
        batch_size = self.batch_size if batch_size is None else batch_size
        return TASKS[task.task_name].pipeline_class()(task, batch_size)(*inputs, **options)

    @property
    def task_name(self) -> str:
        """The task of the model, such as "text-classification"."""
        if "task" in self._metadata:
            return self._metadata["task"]
        signature = self._signature()
        name = task_of_keys(signature.inputs, signature.outputs)
        if name is None:
            raise ValueError(
                f"The signature {self.signature!r} of {self.where} is for no task of tfbert: it takes "
                f"{list(signature.inputs)} and returns {sorted(signature.outputs)}. Call `predict`."
            )
        return name

    # === About the server ===

    def status(self) -> list[dict[str, Any]]:
        """Return the state of each version: `version` int, `state` such as "AVAILABLE", and `error`, "" for none."""
        response = self._send(self._channel.status)
        return [
            {"version": one.version, "state": one.State.Name(one.state), "error": one.status.error_message}
            for one in response.model_version_status
        ]

    def metadata(self) -> dict[str, dict[str, dict[str, str]]]:
        """Return the inputs and outputs of every signature, each with type and shape, such as "DT_STRING [None]"."""
        return {
            name: {
                side: {key: str(spec) for key, spec in specs.items()}
                for side, specs in (("inputs", found.inputs), ("outputs", found.outputs))
            }
            for name, found in self._signatures().items()
        }

    def close(self) -> None:
        """Close the connections. A client that is closed answers no more; what runs by gRPC ends with an error."""
        self._is_closed = True
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: Any) -> None:
        self.close()

    # === Requests ===

    def _send(self, send: Any) -> Any:
        def send_if_open(seconds: float) -> Any:
            if self._is_closed:
                raise ValueError("This client is closed. Make a new one: Client(url, model=…).")
            return send(seconds)

        return self._retries.run(send_if_open)

    def _signatures(self) -> dict[str, Signature]:
        found = self._send(self._channel.signatures).signature_def
        # A SavedModel's own start-up stands among them as `__saved_model_init_op`.
        return {name: Signature.of_proto(found[name]) for name in sorted(found) if not name.startswith("__")}

    def _signature(self) -> Signature:
        """The signature that `predict` asks, of which the server is asked once."""
        if (found := self._found) is None:
            signatures = self._signatures()
            if self.signature not in signatures:
                said = f"There is no signature {self.signature!r}, but {list(signatures)}"
                raise refusal(self.where, Status.NOT_FOUND, said)
            found = signatures[self.signature]
            try:
                found.check()
            except ValueError as error:
                said = f"{self.signature!r} cannot be asked: {error}"
                raise refusal(self.where, Status.UNIMPLEMENTED, said) from error
            self._found = found
        return found

    def _ask(self, signature: Signature, columns: Columns) -> dict[str, np.ndarray]:
        """The answers to one batch, which are what the signature says."""
        answer = self._send(lambda seconds: self._channel.predict(self.signature, signature, columns, seconds))
        try:
            signature.check_answer(answer, len(next(iter(columns.values()))))
        except ValueError as error:
            self._found = None
            said = f"The answer is not that of its signature: {error}. If a new version came just now, ask again"
            raise refusal(self.where, Status.INTERNAL, said) from error
        return {name: as_str_array(values) for name, values in answer.items()}


def _certificate(path: str | PathLike, address: Address) -> Path:
    if not address.is_secure:
        raise ValueError(f"`ca_certificate` goes with an address by TLS, https or grpcs. Received: {address.url!r}.")
    found = Path(path).expanduser()
    if not found.is_file():
        raise FileNotFoundError(f"`ca_certificate` must be a PEM file. There is none at {str(path)!r}.")
    return found
