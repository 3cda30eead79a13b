"""MaskFiller: hidden residues of an antibody, by AntiBERTy.

python examples/fill_masks.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples import assets

CHAIN = "EVQLVQSGPEVKKPGTSVKVSCKASGFTFMSSAVQWVRQARGQRLEWIGWIVIGSGNTNYAQKFQERVTITRDMSTSTAYMELSSLRSEDTAVYYCAAPY"


def main() -> None:
    from tfbert import pipeline
    from tfbert.tasks import MaskFiller

    fill = pipeline("fill-mask", model=MaskFiller.from_pretrained(assets.antiberty_folder(), do_lower_case=False))
    for place in (3, 21, 35):
        residues = list(CHAIN)
        residues[place] = "[MASK]"
        best = fill(" ".join(residues), top_k=1)[0]
        print(f"residue {place}: {best['token_str']} {best['score']:.4f}, in truth {CHAIN[place]}")


if __name__ == "__main__":
    main()
