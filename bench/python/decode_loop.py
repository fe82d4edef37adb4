"""Decoding with a preallocated KV cache, in as few PyTorch calls as a Llama needs.

It is measured in addition to transformers' `generate`, whose bookkeeping outweighs the arithmetic of a small model, so
that we compare with the better of the two.
"""

import torch
from torch import Tensor
from torch.nn.functional import embedding, linear, rms_norm, scaled_dot_product_attention, silu
from transformers import LlamaForCausalLM


class DecodeLoop:
    """A model's weights, arranged so that one matmul computes q, k and v, and one computes gate and up."""

    def __init__(self, model: LlamaForCausalLM):
        config = model.config
        self.heads, self.kv_heads, self.head_size = config.num_attention_heads, config.num_key_value_heads, config.head_dim
        self.epsilon = config.rms_norm_eps
        self.embed = model.model.embed_tokens.weight
        self.head = model.lm_head.weight
        self.final_norm = model.model.norm.weight
        self.layers = [
            (
                layer.input_layernorm.weight,
                torch.cat([layer.self_attn.q_proj.weight, layer.self_attn.k_proj.weight, layer.self_attn.v_proj.weight]),
                layer.self_attn.o_proj.weight,
                layer.post_attention_layernorm.weight,
                torch.cat([layer.mlp.gate_proj.weight, layer.mlp.up_proj.weight]),
                layer.mlp.down_proj.weight,
            )
            for layer in model.model.layers
        ]
        theta = config.rope_parameters["rope_theta"]
        self.frequencies = theta ** (-torch.arange(0, self.head_size, 2).double() / self.head_size)

    @torch.inference_mode()
    def generate(self, prompts: Tensor, new_tokens: int, sampled: bool) -> Tensor:
        """Greedy or sampled continuations [rows, new_tokens] of `prompts` [rows, length], which all have the same length."""
        rows, length = prompts.shape
        end = length + new_tokens
        angles = torch.arange(end).double()[:, None] * self.frequencies
        cos, sin = (torch.cat((half, half), dim=-1).float() for half in (angles.cos(), angles.sin()))
        cache = [torch.empty(2, rows, self.kv_heads, end, self.head_size) for _ in self.layers]

        tokens = []
        step, at = prompts, 0
        for _ in range(new_tokens):
            logits = self._logits(step, at, cos, sin, cache)
            step = torch.multinomial(logits.softmax(-1), 1) if sampled else logits.argmax(-1, keepdim=True)
            at = length + len(tokens)
            tokens.append(step)
        return torch.cat(tokens, dim=1)

    def _logits(self, ids: Tensor, at: int, cos: Tensor, sin: Tensor, cache: list[Tensor]) -> Tensor:
        """Logits [rows, vocab] of the next token after `ids` [rows, new], which start at position `at`."""
        rows, new = ids.shape
        q_heads = self.heads + self.kv_heads
        cos, sin = cos[at : at + new], sin[at : at + new]
        x = embedding(ids, self.embed)
        for (norm1, qkv, out, norm2, gate_up, down), kept in zip(self.layers, cache):
            heads = linear(rms_norm(x, norm1.shape, norm1, self.epsilon), qkv)
            heads = heads.view(rows, new, -1, self.head_size).transpose(1, 2)
            turned = heads[:, :q_heads]
            first, second = turned.chunk(2, dim=-1)
            turned = turned * cos + torch.cat((-second, first), dim=-1) * sin
            kept[0, :, :, at : at + new] = turned[:, self.heads :]
            kept[1, :, :, at : at + new] = heads[:, q_heads:]
            k, v = kept[:, :, :, : at + new]
            mixed = scaled_dot_product_attention(
                turned[:, : self.heads], k, v, is_causal=new > 1, enable_gqa=self.heads != self.kv_heads
            )
            x = x + linear(mixed.transpose(1, 2).reshape(rows, new, -1), out)
            gate, up = linear(rms_norm(x, norm2.shape, norm2, self.epsilon), gate_up).chunk(2, dim=-1)
            x = x + linear(silu(gate) * up, down)
        x = rms_norm(x[:, -1], self.final_norm.shape, self.final_norm, self.epsilon)
        return linear(x, self.head)
