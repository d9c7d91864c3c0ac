"""MultiExpan: a masked entity, read from its sentence and the patches of its image.

Section (a) of specs/multiexpan.md, the paper's section 4: text states and projected patch
features pass through visual and cross-modal transformers; the state at `[MASK]` goes through the
entity head, whose log-softmax over the V entities is the prediction. A missing modality is masked:
its keys never receive attention. With a missing sentence the mask token stands alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from mese.images import PATCHES


@dataclass(frozen=True)
class ModelConfig:
    """Sizes and dropouts of a MultiExpan; the defaults are the release's."""

    entities: int
    features: int = 2048
    dim: int = 768
    heads: int = 12
    visual_layers: int = 3
    cross_layers: int = 3
    block_dropout: float = 0.1
    head_dropout: float = 0.2
    logit_dropout: float = 0.2
    visual_dropout: float = 0.2

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Block(nn.Module):
    """Transformer block with the norm on the branch, before the residual add (res-post-norm).

    x ← x + LN(Attn(x)); x ← x + LN(FFN(x)). Dropout on attention probabilities, after GELU and
    after the second linear, none after the attention's projection, as in the release.
    """

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.query_key_value = nn.Linear(dim, 3 * dim)
        self.project = nn.Linear(dim, dim)
        self.attention_norm = nn.LayerNorm(dim)
        self.feed_forward = nn.Sequential(
            nn.Linear(dim, 4 * dim),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(4 * dim, dim),
            nn.Dropout(dropout),
        )
        self.feed_norm = nn.LayerNorm(dim)

    def forward(self, x: torch.Tensor, keys: torch.Tensor | None) -> torch.Tensor:
        """x float (B, L, d); keys bool (B, L), True where a position may be attended to."""
        x = x + self.attention_norm(self._attend(x, keys))
        return x + self.feed_norm(self.feed_forward(x))

    def _attend(self, x: torch.Tensor, keys: torch.Tensor | None) -> torch.Tensor:
        batch, length, dim = x.shape
        split = self.query_key_value(x).view(batch, length, 3, self.heads, dim // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=None if keys is None else keys[:, None, None, :],
            dropout_p=self.dropout if self.training else 0.0,
        )
        return self.project(mixed.transpose(1, 2).reshape(batch, length, dim))


class MultiExpan(nn.Module):
    """The model; `text` is a Hugging Face encoder whose hidden size is `config.dim`."""

    def __init__(self, text: nn.Module, config: ModelConfig) -> None:
        super().__init__()
        width: Any = getattr(text.config, "hidden_size", None)
        if width != config.dim:
            raise ValueError(f"the text encoder is {width} wide, the model {config.dim}")
        self.config, self.text, dim = config, text, config.dim
        self.visual_linear = nn.Sequential(
            nn.Linear(config.features, dim),
            nn.Dropout(config.visual_dropout),
            nn.LayerNorm(dim),
            nn.GELU(),
        )
        self.visual_position = nn.Parameter(torch.randn(1, PATCHES, dim))
        self.visual = _blocks(config.visual_layers, config)
        self.cross = _blocks(config.cross_layers, config)
        self.head = nn.Sequential(
            nn.Linear(dim, dim),
            nn.Dropout(config.head_dropout),
            nn.LayerNorm(dim),
            nn.GELU(),
            nn.Linear(dim, config.entities),
            nn.Dropout(config.logit_dropout),
        )

    def forward(
        self,
        ids: torch.Tensor,
        text_mask: torch.Tensor,
        mask_at: torch.Tensor,
        patches: torch.Tensor | None = None,
        patch_mask: torch.Tensor | None = None,
        patch_places: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Log-probabilities over the entities, float32 (B, V); see `mask_states`."""
        return self.log_prob(
            self.mask_states(ids, text_mask, mask_at, patches, patch_mask, patch_places)
        )

    def log_prob(self, states: torch.Tensor) -> torch.Tensor:
        """Log-probabilities over the entities of mask states (B, d), float32 (B, V)."""
        return functional.log_softmax(self.head(states).float(), dim=-1)

    def mask_states(
        self,
        ids: torch.Tensor,
        text_mask: torch.Tensor,
        mask_at: torch.Tensor,
        patches: torch.Tensor | None = None,
        patch_mask: torch.Tensor | None = None,
        patch_places: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """The state at `[MASK]` after the cross-modal transformer, float (B, d).

        ids int64 (B, L), text_mask bool (B, L), mask_at int64 (B,): the mask's position. patches
        float (B, P, F) are features of P of the image's 36 patches, patch_places int64 (P,) says
        which (all, in order, by default), patch_mask bool (B,) is False where a row has no image.
        No patches at all gives what an all-False patch_mask gives.
        """
        states = self.text(input_ids=ids, attention_mask=text_mask.long()).last_hidden_state
        keys = text_mask
        if patches is not None:
            seen = self._see(patches, patch_places)
            present = patch_mask if patch_mask is not None else ids.new_ones(len(ids)).bool()
            states = torch.cat([states, seen], dim=1)
            keys = torch.cat([keys, present[:, None].expand(-1, seen.shape[1])], dim=1)
        for block in self.cross:
            states = block(states, keys)
        rows = torch.arange(len(ids), device=ids.device)
        return states[rows, mask_at]

    def _see(self, patches: torch.Tensor, places: torch.Tensor | None) -> torch.Tensor:
        position = self.visual_position if places is None else self.visual_position[:, places]
        seen = self.visual_linear(patches) + position
        for block in self.visual:
            seen = block(seen, None)
        return seen


def _blocks(count: int, config: ModelConfig) -> nn.ModuleList:
    return nn.ModuleList(
        Block(config.dim, config.heads, config.block_dropout) for _ in range(count)
    )


def freeze_like_release(model: MultiExpan) -> None:
    """Of the text encoder only the last layer is trained (specs/multiexpan.md, "Network")."""
    for parameter in model.text.parameters():
        parameter.requires_grad_(False)
    encoder: Any = model.text.encoder
    for parameter in encoder.layer[-1].parameters():
        parameter.requires_grad_(True)
