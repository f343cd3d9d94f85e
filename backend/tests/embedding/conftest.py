"""Tiny models of E5's shape, made here: random weights, our own tokenizer, nothing downloaded."""

import warnings
from pathlib import Path

import pytest

HIDDEN = 32
SENTENCES = [
    "query: passage: Они шли вдоль моря, держась за руки, и молчали о самом важном.",
    "В старом саду цвели яблони, и Анна ждала письма из далёкого города.",
    "Инженер Соколов вернулся в город ночным поездом под самый Новый год.",
    "Двое взрослых людей пили чай, смеялись и смотрели, как за окном идёт снег.",
]


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that sentence-transformers can load, with `onnx/model.onnx` as on the hub."""
    for package in ("torch", "sentence_transformers", "onnxscript"):
        pytest.importorskip(package, reason=f"{package} is not installed: no tiny model to make")
    folder = tmp_path_factory.mktemp("models") / "tiny-e5"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch, transformers and the exporter; not ours
        _make(folder)
    return folder


def _make(folder: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer, models
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

    tokenizer = _tokenizer()
    config = XLMRobertaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=514,
        type_vocab_size=1,
        pad_token_id=1,
        # Larger than in training, so that random layers tell texts apart.
        initializer_range=0.3,
    )
    torch.manual_seed(7)
    model = XLMRobertaModel(config, add_pooling_layer=False).eval()
    parts = folder / "parts"
    model.save_pretrained(parts)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=512,
    ).save_pretrained(parts)
    transformer = models.Transformer(str(parts), max_seq_length=512)
    SentenceTransformer(
        modules=[transformer, models.Pooling(HIDDEN, pooling_mode="mean"), models.Normalize()],
        device="cpu",
    ).save(str(folder))
    _export(model, folder / "onnx" / "model.onnx")


def _tokenizer():
    """Make a unigram tokenizer as XLM-R has one: <s> text </s>, words marked by a low line."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=200, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def _export(model, path: Path) -> None:
    import torch

    class States(torch.nn.Module):
        def forward(self, input_ids, attention_mask):
            return model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    path.parent.mkdir(parents=True)
    words, mask = torch.full((2, 7), 5), torch.ones(2, 7, dtype=torch.long)
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence", max=512)}
    torch.onnx.export(
        States().eval(),
        (words, mask),
        str(path),
        input_names=["input_ids", "attention_mask"],
        output_names=["last_hidden_state"],
        dynamic_shapes={"input_ids": axes, "attention_mask": axes},
        dynamo=True,
        external_data=False,
        verbose=False,
    )
