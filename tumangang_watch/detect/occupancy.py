"""Which metres of each track hold a vehicle: cues against the empty bed of the same scene."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tumangang_watch.detect.train_cues import CUES, Metres, Profile, profile_of, smooth
from tumangang_watch.detect.train_shade import inferred_sun, shaded_by_others, stated_sun

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.model.scene import Scene
    from tumangang_watch.settings.trains import TrainSettings


RELATIVE = ("colour", "edge", "edge_one", "rough", "lit")
"""Cues whose zero is the scene's own empty bed."""
SHADES = (0.3, 0.5, 0.7, 0.85, 1.0)
"""Shares of the way from lit bed to the darkest tone that a cast shadow is looked for at."""


@dataclass(frozen=True)
class Occupancy:
    """Evidence along one track, metre by metre."""

    metres: Metres
    cues: NDArray[np.float64]
    """(cues, k), rows as in `CUES`."""
    offset_m: NDArray[np.float64]
    """(k,) where a body's middle would lie, metres to the left of the track."""
    log_odds: NDArray[np.float64]
    """(k,) that a vehicle stands there; 0 where the track was not seen."""
    empty: NDArray[np.bool_]
    """(k,) True where the bed was taken as empty."""
    bed_colour: NDArray[np.float64]
    """(bands, k) colour of the empty bed expected there."""
    whiten: NDArray[np.float64]
    """(bands, bands): colour differences of empty bed become unit noise."""
    lost_left: NDArray[np.float64]
    """(k,) share of light lost just beyond the left edge of a supposed body."""
    lost_right: NDArray[np.float64]
    usual: NDArray[np.float64]
    """(cues,) median of each cue over empty bed of this track."""


@dataclass(frozen=True)
class Bed:
    """The look of the empty bed, learned from the scene itself."""

    weights: list[NDArray[np.float64]]
    """For each track (k,): how surely a metre is empty, 0 to 1."""
    whiten: NDArray[np.float64]
    """(bands, bands): colour differences of empty bed become unit noise."""
    step_noise: NDArray[np.float64]
    """(bands, bands): the same for steps across an edge."""
    modes: NDArray[np.float64]
    """(modes, bands): looks of the inner bed anywhere in the scene."""
    step_mode: NDArray[np.float64]
    """(2, bands): typical left and right step over the edges of the bed."""
    rough: float
    """Typical roughness of empty bed along a track."""


def measure_occupancy(
    tracks: list[Metres], dark: NDArray[np.float64], scene: Scene, settings: TrainSettings
) -> list[Occupancy]:
    """Judge every metre of every track of a scene.

    The empty bed's look is bootstrapped: first from the least structured metres, then twice from
    what the cues call empty.

    Parameters
    ----------
    tracks : list of Metres
    dark : (bands,) float
        Tone of full shadow.
    scene : Scene
        Its GSD and, where stated, its sun.
    settings : TrainSettings

    Returns
    -------
    list of Occupancy
        In the order of ``tracks``.
    """
    profiles = [profile_of(m, settings, scene.gsd_m) for m in tracks]
    roughness = [_roughness(m) for m in tracks]
    structure = [_structure(m, p, dark) for m, p in zip(tracks, profiles, strict=True)]
    seen = np.concatenate([np.where(m.seen, v, np.nan) for m, v in zip(tracks, structure, strict=True)])
    limit = np.nanquantile(seen, settings.seed_share) if np.isfinite(seen).any() else 0.0
    weights = [(v <= limit) & m.seen for m, v in zip(tracks, structure, strict=True)]
    result: list[Occupancy] = []
    shaded = [np.zeros(m.count) for m in tracks]
    sun = stated_sun(scene, settings)
    for turn in range(settings.rounds):
        bed = learn_bed(tracks, profiles, [w.astype(float) for w in weights], roughness, settings)
        result = [
            _judge(m, p, r, w, bed, dark, settings)
            for m, p, r, w in zip(tracks, profiles, roughness, bed.weights, strict=True)
        ]
        if turn > 0:
            result = [_uncovered(o, s) for o, s in zip(result, shaded, strict=True)]
        result = _against_null(result, settings)
        sun = sun or inferred_sun(tracks, [_darker_side(o) for o in result], settings)
        if sun is not None:
            occupied = [smooth(o.log_odds, 5) > 0 for o in result]
            shaded = shaded_by_others(tracks, occupied, sun, settings)
        weights = [_plain(o, settings) for o in result]
        if sum(int(w.sum()) for w in weights) < 20:
            break
    return [_final(o, settings) for o in result]


def _final(occupancy: Occupancy, settings: TrainSettings) -> Occupancy:
    """Let the cues of a metre and those of its surroundings speak with the settings' weights."""
    share = settings.context_share
    odds = (1 - share) * occupancy.log_odds + share * in_context(occupancy.cues, settings)
    return replace(occupancy, log_odds=np.where(occupancy.metres.seen, odds, 0.0))


def _against_null(judged: list[Occupancy], settings: TrainSettings) -> list[Occupancy]:
    """Take the scene's own empty bed as the zero of each distance, then combine the cues.

    A bed that varies a lot, or a reference that fits it badly, raises distances everywhere.
    """
    null = np.concatenate([o.cues[:, o.empty] for o in judged], axis=1)
    middle = np.zeros((len(CUES), 1))
    if null.shape[1] >= 10:
        rows = [CUES.index(name) for name in RELATIVE]
        middle[rows, 0] = np.median(null[rows], axis=1)
    result = []
    for o in judged:
        cues = o.cues - middle
        odds = np.where(o.metres.seen, combine(cues, settings), 0.0)
        result.append(replace(o, cues=cues, log_odds=odds))
    return result


def _darker_side(occupancy: Occupancy) -> NDArray[np.float64]:
    """Return how much more light is lost to the left of a supposed body than to its right, (k,)."""
    return np.where(occupancy.log_odds > 0, occupancy.lost_left - occupancy.lost_right, 0.0)


def _uncovered(occupancy: Occupancy, shaded: NDArray[np.float64]) -> Occupancy:
    """Take away from the cues what the shadow of another track's train explains."""
    cues = occupancy.cues.copy()
    row = {name: k for k, name in enumerate(CUES)}
    dark = np.clip((cues[row["dark"]] - 0.15) / 0.3, 0.0, 1.0)
    covered = np.maximum(cues[row["covered"]], shaded * dark)
    for name in ("shadow", "dark", "sunside", "pattern"):
        cues[row[name]] *= 1 - covered
    for name in ("edge", "edge_one", "rough"):
        cues[row[name]] -= covered * np.maximum(cues[row[name]] - occupancy.usual[row[name]], 0.0)
    cues[row["colour"]] += covered * (cues[row["lit"]] - cues[row["colour"]])
    cues[row["covered"]] = covered
    return replace(occupancy, cues=cues)


def _plain(occupancy: Occupancy, settings: TrainSettings) -> NDArray[np.bool_]:
    """Return the metres to learn the bed from, (k,): lit, and well inside long empty stretches."""
    from scipy.ndimage import binary_erosion, binary_opening

    bare = (smooth(occupancy.log_odds, 9) < settings.plain_below) & (occupancy.log_odds < 0)
    bare |= ~occupancy.metres.seen
    reach = round(settings.plain_min_m)
    padded = np.pad(bare, reach, mode="edge")
    long = binary_opening(padded, np.ones(reach))
    core = binary_erosion(long, np.ones(7))[reach:-reach]
    shaded = occupancy.cues[CUES.index("dark")] > settings.shaded_from
    return core & ~shaded & occupancy.metres.seen


def _roughness(metres: Metres) -> NDArray[np.float64]:
    """Return how much the inner bed varies from metre to metre on both sides, (k,).

    Within 14 m either way of any point of a train lies a coupling or its end; beyond its end one
    of the two sides is plain.
    """
    inner = metres.narrow[:, metres.strip.rows(-1.0, 1.0)].mean(axis=1)
    jump = ((inner - smooth(inner, 9)) ** 2).mean(axis=0)
    reach = 14
    padded = np.concatenate([np.full(reach, jump[0]), jump, np.full(reach, jump[-1])])
    total = np.concatenate([[0.0], np.cumsum(padded)])
    one_side = np.sqrt(np.maximum(total[reach:] - total[:-reach], 0) / reach)
    return np.minimum(one_side[: jump.size], one_side[reach + 1 : reach + 1 + jump.size])


def _structure(metres: Metres, profile: Profile, dark: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how little a metre looks like plain track, with no reference at all, (k,)."""
    from scipy.ndimage import uniform_filter1d

    strip = metres.strip
    light = metres.wide.mean(axis=0)
    near = light[strip.rows(-3.0, 3.0)]
    span = near.max(axis=0) - near.min(axis=0)
    sides = np.abs(profile.beside_left - profile.beside_right).mean(axis=0)
    odd = np.sqrt((profile.inside[profile.offsets.size // 2] ** 2).mean(axis=0))
    run = uniform_filter1d(light, 5, axis=0)
    beside = (strip.rows(1.5, 3.2), strip.rows(-3.2, -1.5))
    darkest = np.minimum(run[beside[0]].min(axis=0), run[beside[1]].min(axis=0))
    floor = float(dark.mean())
    shade = darkest / min(floor, -0.5)
    return span + sides + odd + 2.0 * np.maximum(shade, 0)


def learn_bed(
    tracks: list[Metres],
    profiles: list[Profile],
    weights: list[NDArray[np.float64]],
    roughness: list[NDArray[np.float64]],
    settings: TrainSettings,
) -> Bed:
    """Learn the empty bed's look and its spread from metres weighted by how surely they are empty."""
    bands = profiles[0].inside.shape[1]
    colours: list[NDArray[Any]] = []
    residuals: list[NDArray[Any]] = []
    steps: list[NDArray[Any]] = []
    lefts: list[NDArray[Any]] = []
    rights: list[NDArray[Any]] = []
    rough: list[NDArray[Any]] = []
    for p, w, r in zip(profiles, weights, roughness, strict=True):
        chosen = w > 0.5
        if not chosen.any():
            continue
        middle = p.offsets.size // 2
        inner, left, right = p.inside[middle], p.step_left[middle], p.step_right[middle]
        colours.append(inner[:, chosen])
        residuals.append((inner - local_mean(inner, w, settings))[:, chosen])
        for step, into in ((left, lefts), (right, rights)):
            into.append(step[:, chosen])
            steps.append((step - local_mean(step, w, settings))[:, chosen])
        rough.append(r[chosen])
    if not colours:
        eye = np.eye(bands)
        return Bed(weights, eye, eye, np.zeros((1, bands)), np.zeros((2, bands)), 1.0)
    return Bed(
        weights,
        _whitener(np.concatenate(residuals, 1)),
        _whitener(np.concatenate(steps, 1)),
        _modes(np.concatenate(colours, 1), settings.empty_modes),
        np.stack([np.median(np.concatenate(v, 1), axis=1) for v in (lefts, rights)]),
        float(np.median(np.concatenate(rough))),
    )


def local_mean(
    values: NDArray[np.floating], weight: NDArray[np.float64], settings: TrainSettings
) -> NDArray[np.floating]:
    """Return the mean along a track of what is empty nearby, (bands, k); NaN where none is near."""
    from scipy.ndimage import gaussian_filter1d

    sigma = settings.reference_length_m
    num = gaussian_filter1d(np.asarray(values * weight, float), sigma, axis=-1, mode="constant", truncate=3)
    den = gaussian_filter1d(np.asarray(weight, float), sigma, axis=-1, mode="constant", truncate=3)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(den > 0.02, num / den, np.nan)


def _whitener(residual: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix that turns residuals (bands, n) into unit noise, robust to a tenth outside."""
    size = np.sqrt((residual**2).mean(axis=0))
    kept = residual[:, size <= np.quantile(size, 0.9)]
    bands = len(residual)
    covariance = 1.5 * kept @ kept.T / max(kept.shape[1], 1)
    # Bands of one scene move together; a floor of a fifth of the mean keeps pure colour noise finite.
    covariance += np.eye(bands) * (0.05 * np.trace(covariance) / bands + 1e-4)
    values, vectors = np.linalg.eigh(covariance)
    return (vectors / np.sqrt(values)) @ vectors.T


def _modes(colours: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return cluster centres (modes, bands) of empty colours by k-means from spread quantiles."""
    data = colours.T
    order = np.argsort(data.mean(axis=1))
    centres = data[order[((np.arange(count) + 0.5) / count * len(order)).astype(int)]].copy()
    for _ in range(8):
        nearest = ((data[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        for k in range(count):
            if (nearest == k).any():
                centres[k] = data[nearest == k].mean(axis=0)
    return centres


def _norm(difference: NDArray[np.floating], whiten: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the root mean square over bands (axis -2) of whitened differences."""
    white = np.einsum("ab,...bk->...ak", whiten, difference)
    return np.sqrt((white**2).mean(axis=-2))


def _judge(
    metres: Metres,
    profile: Profile,
    rough: NDArray[np.float64],
    weight: NDArray[np.float64],
    bed: Bed,
    dark: NDArray[np.float64],
    settings: TrainSettings,
) -> Occupancy:
    """Turn one track's measures into cues and log-odds."""
    from scipy.ndimage import gaussian_filter1d

    middle = profile.offsets.size // 2
    near_l = local_mean(profile.step_left[middle], weight, settings)
    near_r = local_mean(profile.step_right[middle], weight, settings)
    refs = [
        (np.where(np.isnan(near_l), bed.step_mode[0][:, None], near_l),
         np.where(np.isnan(near_r), bed.step_mode[1][:, None], near_r)),
    ]  # fmt: skip
    left = np.min([_norm(profile.step_left - l, bed.step_noise) for l, _ in refs], axis=0)
    right = np.min([_norm(profile.step_right - r, bed.step_noise) for _, r in refs], axis=0)
    both = np.minimum(left, right)
    away = np.abs(profile.offsets - profile.offsets[middle])[:, None]
    best = gaussian_filter1d(both, 4.0, axis=1) - 0.3 * away
    d = best.argmax(axis=0)
    k = np.arange(d.size)
    inner = profile.inside[d, :, k].T
    known = local_mean(profile.inside[middle], weight, settings)
    distances = [_norm(inner - m[:, None], bed.whiten) for m in bed.modes]
    distances.append(
        np.where(np.isnan(known).any(axis=0), np.inf, _norm(inner - np.nan_to_num(known), bed.whiten))
    )
    colour = np.min(distances, axis=0)
    expected = np.where(np.isnan(known), bed.modes[np.argmin(distances[:-1], axis=0)].T, known)
    lit = np.min(
        [_norm(inner - expected - g * (dark[:, None] - expected), bed.whiten) for g in SHADES], axis=0
    )
    lost_l, lost_r, lost = _light_lost(profile, weight, bed, dark, settings)
    lost_l, lost_r = lost_l[d, k], lost_r[d, k]
    if metres.shadow_side > 0:
        shade, sunny = lost_l, lost_r
    elif metres.shadow_side < 0:
        shade, sunny = lost_r, lost_l
    else:
        shade, sunny = np.maximum(lost_l, lost_r), np.minimum(lost_l, lost_r)
    covered = np.clip(np.minimum(lost[d, k], sunny), 0.0, 1.0)
    pattern = _pattern_lost(profile, weight, settings)
    cues = np.stack([
        np.log1p(colour), np.log1p(both[d, k]), np.log1p(np.maximum(left, right)[d, k]),
        np.clip(shade, -0.5, 1.2) * (1 - covered), np.clip(sunny, -0.5, 1.2), pattern,
        np.log(np.maximum(rough, 1e-3) / max(bed.rough, 1e-3)), np.clip(lost[d, k], -0.5, 1.2),
            np.log1p(np.minimum(lit, colour)),
            covered,
    ])  # fmt: skip
    bare = weight > 0.5
    usual = np.median(cues[:, bare], axis=1) if bare.any() else np.zeros(len(cues))
    return Occupancy(
        metres, cues, profile.offsets[d], np.zeros(k.size), bare, expected, bed.whiten,
        lost_l, lost_r, usual,
    )  # fmt: skip


def _light_lost(
    profile: Profile,
    weight: NDArray[np.float64],
    bed: Bed,
    dark: NDArray[np.float64],
    settings: TrainSettings,
) -> tuple[NDArray[np.float64], ...]:
    """Return the share of light lost beyond the left edge, the right edge, and inside, each (d, k)."""
    middle = profile.offsets.size // 2
    floor = float(dark.mean())
    result = []
    for values in (profile.beside_left, profile.beside_right, profile.brightness):
        lit = weight * (values[middle] > floor + 0.5 * (np.median(values[middle]) - floor))
        known = local_mean(values[middle][None], lit, settings)[0]
        typical = np.where(np.isnan(known), float(bed.modes.mean()), known)
        result.append((typical - values) / np.maximum(typical - floor, 0.3))
    return tuple(result)


def _pattern_lost(
    profile: Profile, weight: NDArray[np.float64], settings: TrainSettings
) -> NDArray[np.float64]:
    """Return the share of the rails' pattern that is gone, (k,): 0 on plain track, about 1 on a body."""
    known = local_mean(profile.pattern, weight, settings)
    power = (known**2).sum(axis=0)
    gain = (known * profile.pattern).sum(axis=0) / np.maximum(power, 1e-9)
    noise = ((profile.pattern - known) ** 2).mean(axis=0)
    # A pattern weaker than what else varies across the bed says little.
    trust = power / (power + noise * len(known))
    return np.nan_to_num(trust * np.clip(1 - gain, -0.5, 1.5))


def combine(cues: NDArray[np.float64], settings: TrainSettings) -> NDArray[np.float64]:
    """Return log-odds (k,) from cues (cues, k) by the logistic model of the settings."""
    total = np.zeros(cues.shape[1])
    for name, weight in settings.coefficients:
        total += weight * (1.0 if name == "bias" else cues[CUES.index(name)])
    return total


def in_context(cues: NDArray[np.float64], settings: TrainSettings) -> NDArray[np.float64]:
    """Return log-odds (k,) from cues and their means nearby: a wagon is longer than a metre."""
    near, far = smooth(cues, settings.near_m), smooth(cues, settings.far_m)
    total = np.zeros(cues.shape[1])
    for name, own, seven, wide in settings.context:
        if name == "bias":
            total += own
            continue
        row = CUES.index(name)
        total += own * cues[row] + seven * near[row] + wide * far[row]
    return total
