"""Fit a network that finds rail vehicles and tracks in the plain picture, in any direction.

Paint a bank with ``python -m training.vehicle_bank --folder DIR`` and ``--painter first``; then
``python -m training.vehicle_net --bank DIR --target FILE`` fits the network, reading what has been painted
meanwhile again and again. It needs torch: minutes on a GPU, hours without. Every twelfth ground is held out
and watched. ``--real DIR`` mixes in grounds cut from real pictures (``training.vehicle_real``). The states of
the second half are kept, and ``--take STEP`` writes one into the package. What ships is step 5464 of a fit of
nine minutes with ``--batch 48`` that ended by the clock, so a fit anew differs from it.
"""

from __future__ import annotations

import argparse
import copy
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tumangang_watch.nets import write_weights

KEPT_M, CELL_M, SIDE_M = 0.25, 0.5, 80.0
BODY, END, TRACK, NO_TRACKS, UNSURE = 1, 2, 4, 8, 16
CHANNELS = ("light", "light", "light", "light", "red_blue", "green", "nir", "seen", "gsd")
"""Log brightness of a half-metre cell's four quarters, band ratios, what is seen, the resolution."""
OUTPUTS = ("body", "end", "track", "cos2", "sin2")
WIDTHS = (16, 32, 48, 48)
GSDS = (0.25, 0.3, 0.35, 0.4, 0.5, 0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 1.0)
FLOOR = 0.15


class Layer(nn.Module):
    """A convolution, a norm that is folded into it afterwards, and a cut at zero."""

    def __init__(self, into: int, out: int, size: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(into, out, size, stride, padding=(size - 1) // 2, bias=False)
        self.norm = nn.BatchNorm2d(out)

    def forward(self, x: Any) -> Any:
        """Return (batch, out, rows / stride, cols / stride)."""
        return torch.relu(self.norm(self.conv(x)))

    def folded(self) -> tuple[Any, Any]:
        """Return plain kernels and biases."""
        gain = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        kernel = self.conv.weight * gain[:, None, None, None]
        return kernel.detach().cpu().numpy(), (
            self.norm.bias - self.norm.running_mean * gain
        ).detach().cpu().numpy()


class Net(nn.Module):
    """A U-shaped network: from half-metre cells to levels of one to eight metres and back."""

    def __init__(self) -> None:
        super().__init__()
        into = (WIDTHS[0], *WIDTHS[:-1])
        self.stem = Layer(len(CHANNELS), WIDTHS[0], 4, 2)
        self.down = nn.ModuleList([Layer(i, o) for i, o in zip(into, WIDTHS, strict=True)])
        self.deep = nn.ModuleList([Layer(w, w) for w in WIDTHS[1:]])
        up = list(zip(WIDTHS[1:], WIDTHS[:-1], strict=True))
        self.up = nn.ModuleList([Layer(deep + wide, wide) for deep, wide in up])
        self.last = nn.ModuleList([Layer(w, w) for w in WIDTHS[:-1]])
        self.out = nn.Conv2d(WIDTHS[0], 4 * len(OUTPUTS), 1)

    def forward(self, x: Any) -> Any:
        """Return (batch, outputs, rows, cols); rows and cols multiples of 16."""
        x, kept = self.stem(x), []
        for level, layer in enumerate(self.down):
            x = layer(F.max_pool2d(x, 2) if level else x)
            if level:
                x = self.deep[level - 1](x)
            kept.append(x)
        for level in range(len(self.up) - 1, -1, -1):
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = self.last[level](self.up[level](torch.cat([x, kept[level]], 1)))
        return F.pixel_shuffle(self.out(x), 2)


def folded(net: Net) -> dict[str, Any]:
    """Return plain kernels and biases, the norms folded in."""
    out = {}
    for name, module in net.named_modules():
        if isinstance(module, Layer):
            out[f"{name}.weight"], out[f"{name}.bias"] = module.folded()
    out["out.weight"] = net.out.weight.detach().cpu().numpy()
    out["out.bias"] = net.out.bias.detach().cpu().numpy()
    return out


class Bank:
    """Grounds on the device, growing with the folder."""

    def __init__(self, folder: Path, device: str, room: int) -> None:
        self.folder, self.device, self.room = folder, device, room
        self.planes: dict[bool, list[Any]] = {True: [], False: []}
        self.first: dict[bool, list[bool]] = {True: [], False: []}
        self.known: set[str] = set()

    def refresh(self, most: int = 40) -> None:
        """Read what is new."""
        new = [p for p in self.folder.glob("*.npy") if p.name not in self.known]
        for path in new[:most]:
            self.known.add(path.name)
            try:
                planes = np.load(path)
            except (OSError, ValueError):
                continue
            held = int(path.stem.split("-")[1]) % 12 == 0
            for one in planes:
                if len(self.planes[held]) < self.room:
                    self.planes[held].append(torch.from_numpy(one).to(self.device))
                    self.first[held].append(path.stem.startswith(("first", "real")))

    def draw(self, count: int, rng: np.random.Generator, held: bool = False) -> tuple[Any, Any]:
        """Return (count, 6, rows, cols) bytes and which of them must not be bent."""
        index = rng.integers(0, len(self.planes[held]), count)
        straight = torch.tensor([self.first[held][k] for k in index], device=self.device)
        return torch.stack([self.planes[held][k] for k in index]), straight


def gauss(x: Any, sigma: float) -> Any:
    """Blur (batch, channels, rows, cols)."""
    if sigma < 0.2:
        return x
    if x.device.type == "cpu":
        planes = x.flatten(0, 1).numpy()
        soft = [cv2.GaussianBlur(p, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE) for p in planes]
        return torch.from_numpy(np.stack(soft)).reshape(x.shape)
    half = max(int(np.ceil(3 * sigma)), 1)
    t = torch.arange(-half, half + 1, device=x.device, dtype=x.dtype)
    k = torch.exp(-0.5 * (t / sigma) ** 2)
    k = (k / k.sum())[None, None]
    n, c, h, w = x.shape
    x = x.reshape(n * c, 1, h, w)
    x = F.conv2d(F.pad(x, (half, half, 0, 0), mode="replicate"), k[:, :, None])
    x = F.conv2d(F.pad(x, (0, 0, half, half), mode="replicate"), k[:, :, :, None])
    return x.reshape(n, c, h, w)


def _u(shape: tuple[int, ...], low: float, high: float, device: str) -> Any:
    return torch.rand(shape, device=device) * (high - low) + low


def views(planes: Any, straight: Any, gsd: float, rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Turn, scale, mirror and bend grounds, and take pictures of them at one resolution.

    Returns
    -------
    bands : (n, 4, m, m) at ``gsd``
    labels : (n, rows, cols) bytes at `CELL_M`
    direction : (n, rows, cols) radians at `CELL_M`
    """
    n, device = len(planes), planes.device
    high, wide = planes.shape[2:]
    turn = _u((n, 1, 1), 0, 2 * np.pi, device)
    scale = torch.exp(0.09 * torch.randn((n, 1, 1), device=device)).clamp(0.82, 1.2)
    mirror = torch.where(_u((n, 1, 1), 0, 1, device) < 0.5, -1.0, 1.0)
    bend = _u((n, 1, 1), -1, 1, device) ** 3 / 180 * (~straight[:, None, None])
    inset = min(32.0, high * KEPT_M * 0.25)
    cx = _u((n, 1, 1), inset, wide * KEPT_M - inset, device)
    cy = high * KEPT_M / 2 + (_u((n, 1, 1), -1, 1, device)) * (high * KEPT_M / 2 - inset)

    def place(x: Any, y: Any) -> tuple[Any, Any, Any]:
        x = x * mirror * scale
        y = y * scale
        a = torch.cos(turn) * x - torch.sin(turn) * y
        b = torch.sin(turn) * x + torch.cos(turn) * y
        return cx + a, cy + b + bend * a**2 / 2, bend * a

    def lattice(count: int, step: float) -> tuple[Any, Any]:
        t = (torch.arange(count, device=device) - (count - 1) / 2) * step
        return t[None, None, :].expand(1, count, count), t[None, :, None].expand(1, count, count)

    def norm(px: Any, py: Any) -> Any:
        return torch.stack([px / KEPT_M * 2 / wide - 1, py / KEPT_M * 2 / high - 1], -1)

    # Sampled at the kept cell or the pixel's fourth, blurred by the optics, then taken at the pixels.
    fine = KEPT_M
    size = round((SIDE_M + 10) / fine)
    x, y, _ = place(*lattice(size, fine))
    light = F.grid_sample(planes[:, :4].float(), norm(x, y), align_corners=False, mode="bilinear")
    light = (light / 255) ** 2
    pixels = int(SIDE_M / gsd / 8) * 8 + 8
    sigma = gsd / KEPT_M * float(np.sqrt(rng.uniform(0.3, 0.8) ** 2 + 1 / 12 * 0.6))
    light = gauss(light, float(np.sqrt(max(sigma**2 - 0.2, 0.0))))
    gx, gy = lattice(pixels, gsd)
    grid = torch.stack([gx, gy], -1).expand(n, -1, -1, -1)
    shift = 0.25 * gsd * torch.randn((4, n, 1, 1, 2), device=device) * (_u((n, 1, 1, 1), 0, 1, device) < 0.4)
    half = size * fine / 2
    bands = torch.cat(
        [F.grid_sample(light[:, k : k + 1], (grid + shift[k]) / half, align_corners=False) for k in range(4)],
        1,
    )
    rows = int(SIDE_M / CELL_M)
    x, y, slope = place(*lattice(rows, CELL_M))
    at = norm(x, y)
    outside = (at.abs() > 0.995).any(-1)
    taken = F.grid_sample(planes[:, 4:6].float(), at, align_corners=False, mode="nearest")
    labels = taken[:, 0].to(torch.uint8)
    labels = torch.where(outside, torch.full_like(labels, UNSURE), labels)
    source = taken[:, 1] * (np.pi / 180) - torch.atan(slope) * 1.0
    direction = source - turn
    direction = torch.where(mirror < 0, np.pi - direction, direction)
    return bands, labels, direction


def _dct(device: str) -> Any:
    k = torch.arange(8, device=device, dtype=torch.float32)
    m = torch.cos(np.pi * (2 * k[None] + 1) * k[:, None] / 16) * 0.5
    m[0] *= np.sqrt(0.5)
    return m


_Q = torch.tensor(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    dtype=torch.float32,
)


def _jpeg(x: Any, quality: Any) -> Any:
    """Code (n, c, rows, cols), 0 to 1, in blocks of eight, as JPEG does."""
    n, c, h, w = x.shape
    m = _dct(x.device)
    q = _Q.to(x.device) / 255 * quality.reshape(n, 1, 1, 1, 1, 1)
    blocks = x.reshape(n, c, h // 8, 8, w // 8, 8).permute(0, 1, 2, 4, 3, 5)
    coded = torch.round((m @ (blocks - 0.5) @ m.T) / q) * q
    return (m.T @ coded @ m + 0.5).permute(0, 1, 2, 4, 3, 5).reshape(n, c, h, w)


def product(bands: Any, real: Any) -> tuple[Any, Any]:
    """Add air, pansharpening, noise, display curves and coding; return bands and whether nir is there."""
    n, device = len(bands), bands.device

    def chance(p: float) -> Any:
        return _u((n, 1, 1, 1), 0, 1, device) < p

    def u(low: float, high: float) -> Any:
        return _u((n, 1, 1, 1), low, high, device)

    nir = (bands[:, 3:4].amax(dim=(2, 3), keepdim=True) > 0) & ~chance(0.25)
    gain = torch.exp(
        0.07 * torch.randn((n, 4, 1, 1), device=device) + 0.25 * torch.randn((n, 1, 1, 1), device=device)
    )
    bands = bands * gain
    haze = u(0, 0.12) * chance(0.35)
    air = torch.tensor([0.055, 0.035, 0.02, 0.01], device=device).reshape(1, 4, 1, 1)
    bands = bands * (1 - 2 * haze) + air * u(0, 1.3) + haze
    # Colour at a fourth of the panchromatic resolution.
    pan = bands[:, :3].mean(1, keepdim=True)
    small = F.avg_pool2d(bands, 4)
    low = F.interpolate(small, size=bands.shape[2:], mode="bilinear", align_corners=False)
    flat = F.interpolate(F.avg_pool2d(pan, 4), size=bands.shape[2:], mode="bilinear", align_corners=False)
    bands = torch.where(chance(0.45) & ~real, low * (pan / flat.clamp(min=1e-3)), bands)
    noise = torch.randn_like(bands) * torch.sqrt(0.3 + 0.7 * bands.clamp(min=0) / 0.2)
    bands = bands + noise * u(0.0005, 0.011)
    display = chance(0.6) | real
    flatish = bands[:, :3].flatten(1)[:, ::29]
    top = torch.quantile(flatish, 0.985, dim=1).reshape(n, 1, 1, 1) * u(0.85, 1.5)
    base = torch.quantile(flatish, 0.005, dim=1).reshape(n, 1, 1, 1) * u(0, 0.95)
    shown = ((bands[:, :3] - base) / (top - base).clamp(min=0.02)).clamp(0, 1.3)
    shown = shown.clamp(min=1e-4) ** u(0.5, 1.15)
    grey = shown.mean(1, keepdim=True)
    shown = grey + (shown - grey) * u(0.3, 1.3)
    sharp = shown + (shown - gauss(shown, 1.0)) * u(0, 1.5) * chance(0.4)
    shown = (sharp * u(0.6, 1.0)).clamp(0, 1)
    coded = chance(0.55)
    quality = u(0.05, 0.7)
    level = shown.mean(1, keepdim=True)
    hue = F.interpolate(F.avg_pool2d(shown - level, 2), scale_factor=2, mode="nearest")
    shown = torch.where(coded, _jpeg(level, quality) + hue, shown)
    shown = torch.round(shown.clamp(0, 1) * 255) / 255
    bands = torch.cat([torch.where(display, shown, bands[:, :3]), bands[:, 3:]], 1)
    return bands, nir & ~display


def channels(bands: Any, nir: Any, gsd: float, inside: Any) -> Any:
    """Return what the network sees (n, channels, rows, cols) from pixels at ``gsd``."""
    n, device = len(bands), bands.device
    rows = int(SIDE_M / CELL_M)
    t = (torch.arange(2 * rows, device=device) - rows + 0.5) * CELL_M / 2
    grid = torch.stack([t[None, :].expand(2 * rows, -1), t[:, None].expand(-1, 2 * rows)], -1)
    half = bands.shape[-1] * gsd / 2
    x = F.grid_sample(bands, (grid / half)[None].expand(n, -1, -1, -1), align_corners=False)
    seen = F.interpolate(inside[:, None].float(), scale_factor=2, mode="nearest")
    return from_fine(x, nir, gsd, seen)


def from_fine(x: Any, nir: Any, gsd: float, seen: Any) -> Any:
    """Return the network's channels from four bands (n, 4, 2 rows, 2 cols) at a quarter of a metre."""
    flat = torch.where(seen > 0, x, torch.nan).flatten(2)[:, :, ::17]
    dark = torch.nanquantile(flat, 0.01, dim=2)[:, :, None, None]
    typical = torch.nanquantile(flat, 0.5, dim=2)[:, :, None, None]
    share = ((x - dark) / (typical - dark).clamp(min=1e-3)).nan_to_num().clamp(-0.05, 20)
    logs = torch.log(share + FLOOR)
    light = torch.log(share[:, :3].mean(1, keepdim=True) + FLOOR)
    quarters = F.pixel_unshuffle(light, 2)
    low = F.avg_pool2d(logs, 2)
    red_blue = low[:, 2:3] - low[:, 0:1]
    green = low[:, 1:2] - (low[:, 2:3] + low[:, 0:1]) / 2
    near = (low[:, 3:4] - low[:, :3].mean(1, keepdim=True)) * nir
    mask = F.avg_pool2d(seen, 2)
    mask = (mask > 0.99).float()
    constant = torch.full_like(mask, (gsd - 0.5) * 2)
    out = torch.cat([quarters, red_blue, green, near], 1) * mask
    return torch.cat([out, mask, constant], 1)


def batch(planes: Any, straight: Any, real: Any, rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Return inputs, labels and directions of pictures at one resolution."""
    gsd = float(rng.choice(GSDS)) * float(np.exp(rng.normal(0, 0.04)))
    real = real.reshape(-1, 1, 1, 1)
    bands, labels, direction = views(planes, straight, gsd, rng)
    bands, nir = product(bands, real)
    inside = (labels & UNSURE) == 0
    x = channels(bands, nir, gsd, inside)
    n, device = len(x), x.device
    x[:, :4] = (
        x[:, :4] * torch.exp(0.12 * torch.randn((n, 1, 1, 1), device=device))
        + 0.12 * torch.randn((n, 1, 1, 1), device=device) * x[:, 7:8]
    )
    hue = (_u((n, 1, 1, 1), 0, 1, device) > 0.08) * torch.exp(
        0.35 * torch.randn((n, 1, 1, 1), device=device) - 0.1
    )
    x[:, 4:7] = (x[:, 4:7] + 0.04 * torch.randn((n, 3, 1, 1), device=device)) * hue * x[:, 7:8]
    return x, labels, direction


def turned(x: Any, labels: Any, direction: Any, rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Mirror a batch of the network's inputs with its labels; the sun is mirrored with it."""
    quarters = list(range(4))
    if rng.random() < 0.5:
        x, labels, direction = x.flip(3), labels.flip(2), np.pi - direction.flip(2)
        quarters = [quarters[k] for k in (1, 0, 3, 2)]
    if rng.random() < 0.5:
        x, labels, direction = x.flip(2), labels.flip(1), -direction.flip(1)
        quarters = [quarters[k] for k in (2, 3, 0, 1)]
    if rng.random() < 0.5:
        x, labels = x.transpose(2, 3), labels.transpose(1, 2)
        direction = np.pi / 2 - direction.transpose(1, 2)
        quarters = [quarters[k] for k in (0, 2, 1, 3)]
    return torch.cat([x[:, quarters], x[:, 4:]], 1), labels, direction


def losses(out: Any, labels: Any, direction: Any) -> tuple[Any, list[float], Any]:
    """Return the loss, its parts, and (hits, said, true) cells of bodies."""
    out = out.float()
    use = ((labels & UNSURE) == 0).float()
    body, end, track = (((labels & bit) > 0).float() for bit in (BODY, END, TRACK))
    bce = F.binary_cross_entropy_with_logits
    one = bce(out[:, 0], body, reduction="none")
    hard = 1 + 2 * body
    first = (one * use * hard).sum() / use.sum().clamp(min=1)
    p = torch.sigmoid(out[:, 0]) * use
    dice = 1 - (2 * (p * body).sum() + 50) / ((p + body * use).sum() + 50)
    second = (bce(out[:, 1], end, reduction="none") * use * (1 + 2 * end)).sum() / use.sum().clamp(min=1)
    own = use * ((labels & NO_TRACKS) == 0)
    third = (bce(out[:, 2], track, reduction="none") * own).sum() / own.sum().clamp(min=1)
    at = use * ((body + track) > 0)
    norm = torch.sqrt(out[:, 3] ** 2 + out[:, 4] ** 2 + 1e-4)
    cosine = (out[:, 3] * torch.cos(2 * direction) + out[:, 4] * torch.sin(2 * direction)) / norm
    fourth = ((1 - cosine) * at).sum() / at.sum().clamp(min=1) + 1e-3 * (
        (norm - 1) ** 2 * at
    ).sum() / at.sum().clamp(min=1)
    said = (out[:, 0] > 0).float() * use
    counts = torch.stack([(said * body).sum(), said.sum(), (body * use).sum()])
    loss = first + 0.4 * dice + 0.5 * second + 0.5 * third + 0.15 * fourth
    return loss, [first, dice, second, third, fourth], counts


def main() -> None:
    """Fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bank", type=Path, required=True)
    parser.add_argument("--real", type=Path)
    parser.add_argument("--share", type=float, default=0.15, help="of real grounds in a batch")
    parser.add_argument("--target", type=Path, required=True)
    parser.add_argument("--until", type=float, help="time to stop at, seconds since the epoch")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument(
        "--again", type=int, default=0, help="pictures shown again, mirrored, with each batch"
    )
    parser.add_argument("--room", type=int, default=5000)
    parser.add_argument("--state", type=Path, help="where all of the fit is kept, and taken up again")
    parser.add_argument("--take", help="write this step's state from --target into the package, and end")
    a = parser.parse_args()
    if a.take:
        take(a.target, a.take)
        return
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(1)
    if device == "cpu":
        torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    bank = Bank(a.bank, device, a.room)
    real = Bank(a.real, device, a.room) if a.real else None
    if real:
        real.refresh(1000)
        real.planes[False] += real.planes[True]
        real.first[False] += real.first[True]
    start = time.time()
    stop = a.until or start + 60 * a.minutes
    need = a.batch if device == "cuda" else 2
    while len(bank.planes[False]) < need or not bank.planes[True]:
        bank.refresh()
        time.sleep(0.5)
    net = Net().to(device).to(memory_format=torch.channels_last)
    print(sum(p.numel() for p in net.parameters()), "parameters", device, flush=True)
    again = bool(a.state and a.state.exists())
    if again:
        net.load_state_dict(torch.load(a.state, map_location=device, weights_only=True))
    mean = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)
    step, last, told, sums = 0, time.time(), time.time(), []
    begun = time.time()
    snapshots: dict[str, Any] = {}
    seen: list[Any] = []
    done = 0.0
    while done < 1:
        now = time.time()
        done = min((now - begun) / max(stop - begun, 1), 1.0)
        if now - last > 3:
            bank.refresh()
            last = now
        fall = 0.5 + 0.5 * np.cos(np.pi * (done if again else max(done - 0.25, 0) / 0.75))
        rate = (1.2e-3 if again else 3e-3) * min((step + 1) / 100, 1) * fall + 1e-5
        for group in optimiser.param_groups:
            group["lr"] = rate
        with torch.no_grad():
            count = min(int(rng.binomial(a.batch, a.share)), a.batch - 1) if real else 0
            planes, straight = bank.draw(a.batch - count, rng)
            parts = [batch(planes, straight, torch.zeros(len(planes), dtype=torch.bool, device=device), rng)]
            if count and real:
                planes, straight = real.draw(count, rng)
                parts.append(batch(planes, straight, torch.ones(count, dtype=torch.bool, device=device), rng))
            if a.again and len(seen) > 2 * a.again:
                for k in rng.integers(0, len(seen), a.again):
                    parts.append(turned(*seen[k], rng))
            x, labels, direction = (torch.cat(p) for p in zip(*parts, strict=True))
            if a.again:
                fresh = a.batch
                seen += [(x[k : k + 1], labels[k : k + 1], direction[k : k + 1]) for k in range(fresh)]
                seen = seen[-800:]
        net.train()
        with torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda"):
            out = net(x.contiguous(memory_format=torch.channels_last))
        loss, pieces, _ = losses(out, labels, direction)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            keep = 0.0 if step < 50 else 0.99 if step < 1000 else 0.997
            for old, new in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
                if old.dtype.is_floating_point:
                    old.lerp_(new, 1 - keep)
                else:
                    old.copy_(new)
        if step % 20 == 0:
            sums.append([float(v.detach()) for v in pieces])
        step += 1
        if time.time() - told > (45 if device == "cuda" else 120) or done >= 1:
            told = time.time()
            held = judged(mean, bank, device)
            line = f"{step} {done:.2f} {told - start:.0f} s grounds {len(bank.planes[False])} rate {rate:.5f}"
            print(line, "fit", np.mean(sums or [[0.0] * 5], 0).round(3), "held", held, flush=True)
            sums = []
            if done > 0.5:
                snapshots |= {f"{step}/{k}": v.astype(np.float16) for k, v in folded(mean).items()}
                temporary = a.target.with_suffix(".part.npz")
                np.savez(temporary, **snapshots)
                temporary.rename(a.target)
    if a.state:
        torch.save(mean.state_dict(), a.state)


def take(states: Path, step: str) -> None:
    """Write one of a fit's states into the package."""
    package = Path(__file__).resolve().parents[1] / "tumangang_watch"
    with np.load(states) as data:
        own = {n.split("/", 1)[1]: data[n].astype(np.float32) for n in data.files if n.startswith(f"{step}/")}
    write_weights(package / "weights" / "vehicle_net.npz", own)


@torch.no_grad()
def judged(net: Any, bank: Bank, device: str) -> str:
    """Return losses, recall and precision of bodies' cells on held-out grounds, the same each time."""
    state = torch.get_rng_state()
    cuda = torch.cuda.get_rng_state() if device == "cuda" else None
    torch.manual_seed(5)
    rng = np.random.default_rng(5)
    total, counts = [], torch.zeros(3, device=device)
    for _ in range(8):
        planes, straight = bank.draw(32 if device == "cuda" else 4, rng, held=True)
        x, labels, direction = batch(
            planes, straight, torch.zeros(len(planes), dtype=torch.bool, device=device), rng
        )
        with torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda"):
            out = net(x.contiguous(memory_format=torch.channels_last))
        _, pieces, own = losses(out, labels, direction)
        total.append([float(v) for v in pieces])
        counts += own
    torch.set_rng_state(state)
    if cuda is not None:
        torch.cuda.set_rng_state(cuda)
    hits, said, true = counts.tolist()
    return (
        f"{np.mean(total, 0).round(3)} recall {hits / max(true, 1):.3f} precision {hits / max(said, 1):.3f}"
    )


if __name__ == "__main__":
    main()
