"""Lots: the same for the same seed, fair, and untouched by what comes later."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from penstock.datasets import drawing
from penstock.files.probing import difference_hash

sizes = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 50), min_size=1)


@given(sizes, st.integers(0, 200), st.booleans())
def test_quotas_are_kept_and_add_up(available: dict[str, int], total: int, balanced: bool) -> None:
    total = min(total, sum(available.values()))
    found = drawing.quotas(available, total, balanced)
    assert sum(found.values()) == total
    assert all(found[name] <= n for name, n in available.items())
    if balanced:
        open_ = [found[name] for name, n in available.items() if found[name] < n]
        assert max(found.values()) - min(open_, default=max(found.values())) <= 1
    elif sum(available.values()):
        exact = {name: total * n / sum(available.values()) for name, n in available.items()}
        assert all(abs(found[name] - share) < 1 for name, share in exact.items())


def test_a_lot_is_fair_and_belongs_to_seed_and_file() -> None:
    lots = [drawing.lot("a", file) for file in range(2000)]
    assert lots == [drawing.lot("a", file) for file in range(2000)]
    assert abs(sum(lots) / len(lots) - 0.5) < 0.03
    assert drawing.lot("b", 1) != drawing.lot("a", 1)
    parts = Counter(drawing.split(f"group {n}", [0.8, 0.1, 0.1], "a") for n in range(2000))
    assert abs(parts[0] - 1600) < 80


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=30), st.integers(0, 7))
def test_near_duplicates_are_found_as_by_comparing_all(looks: list[int], bits: int) -> None:
    near = [look ^ (1 << bit) for look, bit in zip(looks, range(0, 60, 7), strict=False)]
    seen, kept = drawing.Looks(bits), list[int]()
    for look in [*looks, *near]:
        number = look & (1 << 64) - 1
        expected = all((number ^ other).bit_count() > bits for other in kept)
        assert seen.is_new(look) is expected
        kept += [number] if expected else []
    assert seen.is_new(None)


def test_pictures_that_look_alike_have_looks_that_are_alike() -> None:
    def picture(at: int) -> Image.Image:
        image = Image.new("RGB", (320, 240), "gray")
        ImageDraw.Draw(image).ellipse((at, 40, at + 150, 200), fill="white", outline="black", width=9)
        return image

    one, same, other = picture(20), picture(20).resize((200, 150)), picture(150)
    looks = [difference_hash(image) & (1 << 64) - 1 for image in (one, same, other)]
    assert (looks[0] ^ looks[1]).bit_count() <= drawing.ALIKE_BITS < (looks[0] ^ looks[2]).bit_count()
