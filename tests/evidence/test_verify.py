"""What a dossier proves, and that each thing somebody may have done to it is named."""

import zipfile
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel.dsse import key_id
from sentinel.evidence.pack import seal, unseal
from sentinel.evidence.verify import Chain, Found, Point, anchors, pack
from sentinel.model.ledger import FIRST, Entry, EntryKind, next_entry
from tests.builders import START
from tests.evidence.journals import bent, countersigned, dossier, journal, rewritten
from tests.reach.signing import OURS, PUBLIC

TOLD = journal()


def found(raw: bytes) -> list[Found]:
    return pack(unseal(raw), OURS)


def points(raw: bytes) -> set[Point]:
    return {each.point for each in found(raw)}


def chained(entries: list[Entry], lines: list[str] | None = None) -> list[Found]:
    chain = Chain().walk(entries)
    return [*chain.points(excerpt=False), *anchors(chain, lines or [], frozenset({OURS}))]


def first_bad(entries: list[Entry], lines: list[str] | None = None) -> tuple[Point, str]:
    bad = [each for each in chained(entries, lines) if each.is_bad]
    return bad[0].point, str(bad[0].about.get("number", ""))


def test_a_dossier_with_a_countersigned_head_holds():
    """Sealed, chained, anchored, and its signed checks verified."""
    line = countersigned(TOLD[-1].hash)

    assert points(dossier(TOLD, [line], rapports__check_json=line.encode())) == {
        Point.SEALED,
        Point.CHAIN,
        Point.ANCHORED,
        Point.REPORTS,
    }


def test_without_an_echo_it_is_consistent_and_not_anchored():
    """And says so; nothing is wrong."""
    told = found(dossier(TOLD))

    assert {each.point for each in told} == {Point.SEALED, Point.CHAIN, Point.NOT_ANCHORED}
    assert not any(each.is_bad for each in told)


def test_what_was_written_after_the_last_signature_is_counted():
    """The echo bears witness up to an entry, and not beyond."""
    told = chained(TOLD, [countersigned(TOLD[1].hash), countersigned(TOLD[3].hash, START + timedelta(hours=4))])

    assert [(each.point, dict(each.about).get("number"), dict(each.about).get("count")) for each in told] == [
        (Point.CHAIN, None, None),
        (Point.ANCHORED, "4", None),
        (Point.TAIL, None, 2),
    ]


@pytest.mark.parametrize(
    ("change", "point"),
    [
        ({"body": '{"name":"other"}'}, Point.ENTRY_CHANGED),
        ({"at": "2026-03-02T00:00:00.000000Z"}, Point.ENTRY_CHANGED),
        ({"kind": "day"}, Point.ENTRY_CHANGED),
        ({"hash": "0" * 64}, Point.ENTRY_CHANGED),
        ({"before": "0" * 64}, Point.ENTRY_CHANGED),
        ({"number": 9}, Point.ENTRY_CHANGED),
    ],
)
def test_an_edited_entry_is_the_first_bad_one(change, point):
    """Whichever field; it is named by its number."""
    edited = [*TOLD[:3], replace(TOLD[3], **change), *TOLD[4:]]

    assert first_bad(edited) == (point, str(change.get("number", 4)))


@pytest.fixture
def theirs() -> bytes:
    """A genuine journal whose start tells our key, and its anchor: sealed anew by a stranger."""
    at = "2026-03-02T09:00:00.000000Z"
    start = next_entry((0, FIRST), at, EntryKind.STARTED, {"version": "0", "key": OURS})
    told = next_entry((1, start.hash), at, EntryKind.PAPER, {"name": "x"})
    return resealed(dossier([start, told], [countersigned(told.hash)]))


def test_a_dossier_sealed_anew_with_another_key_is_named(theirs):
    """Journal and signature are genuine, the paper is not: the start tells with which key it was sealed."""
    told = found_by(theirs)

    assert [each.point for each in told if each.is_bad] == [Point.KEY_UNTOLD]
    assert Point.ANCHORED not in {each.point for each in told}


def test_a_key_that_a_forger_adds_to_the_journal_has_no_witness():
    """He may append a start with his own key: no echo has signed for that one."""
    start = next_entry((0, FIRST), "2026-03-02T09:00:00.000000Z", EntryKind.STARTED, {"key": OURS})
    forger = Ed25519PrivateKey.generate()
    body = {"key": key_id(forger.public_key().public_bytes_raw())}
    more = next_entry((1, start.hash), "2026-03-02T09:00:01.000000Z", EntryKind.STARTED, body)
    told = found_by(resealed(dossier([start, more], [countersigned(start.hash)]), forger))

    assert {each.point for each in told} == {Point.SEALED, Point.CHAIN, Point.NOT_ANCHORED}


def test_a_signature_for_a_key_before_the_excerpt_accuses_nobody():
    """A restored sentinel has a new key; what its old one had signed covers none of this, and is no forgery."""
    told = found(dossier(TOLD[2:], [countersigned(TOLD[0].hash, START, aud="ed25519:older")]))

    assert {each.point for each in told} == {Point.SEALED, Point.CHAIN, Point.NOT_ANCHORED}


def resealed(raw: bytes, key: Ed25519PrivateKey | None = None) -> bytes:
    """Another paper in it, under a key of somebody's own."""
    key, kept = key or Ed25519PrivateKey.generate(), unseal(raw)
    files = dict(kept.files) | {"dossier.pdf": b"%PDF-1.7 forged"}
    return seal(files, made=START, head=kept.head, sign=key.sign, public_key=key.public_key().public_bytes_raw())


def found_by(raw: bytes) -> list[Found]:
    read = unseal(raw)
    return pack(read, key_id(read.by))


def test_an_edited_entry_with_its_hash_made_anew_breaks_the_next_one():
    """One hash is not enough."""
    forged = rewritten([replace(TOLD[3], body='{"name":"other"}')], (3, TOLD[2].hash))

    assert first_bad([*TOLD[:3], *forged, *TOLD[4:]]) == (Point.ENTRY_MOVED, "5")


def test_an_entry_that_was_taken_away_is_missed():
    """In the middle, or at the beginning."""
    assert first_bad([*TOLD[:2], *TOLD[3:]]) == (Point.ENTRY_MISSING, "3")
    assert first_bad(TOLD[1:]) == (Point.ENTRY_MISSING, "1")
    assert first_bad([]) == (Point.NO_JOURNAL, "")


def test_a_rewritten_chain_is_consistent_and_only_the_anchor_tells():
    """Whoever knows the rule can write everything anew; he cannot have it signed in the past."""
    forged = rewritten([*TOLD[:3], replace(TOLD[3], body='{"name":"other"}'), *TOLD[4:]])

    assert [each.point for each in chained(forged)] == [Point.CHAIN, Point.NOT_ANCHORED]
    assert first_bad(forged, [countersigned(TOLD[5].hash)]) == (Point.HEAD_LOST, "")
    assert first_bad(forged, [countersigned(TOLD[2].hash), countersigned(TOLD[4].hash)])[0] is Point.HEAD_LOST


def test_a_cut_tail_and_an_old_copy_are_told_by_the_anchor():
    """Both lack what was signed."""
    assert [each.point for each in chained(TOLD[:4])] == [Point.CHAIN, Point.NOT_ANCHORED]
    assert first_bad(TOLD[:4], [countersigned(TOLD[5].hash)]) == (Point.HEAD_LOST, "")


def test_a_signature_that_is_none_helps_nobody():
    """Bent, by another key than it names, or given to another sentinel."""
    line = countersigned(TOLD[5].hash)

    assert first_bad(TOLD, [bent(line)])[0] is Point.ANCHOR_FORGED
    assert first_bad(TOLD, ["{}"])[0] is Point.ANCHOR_FORGED
    forger = countersigned(TOLD[5].hash, key=Ed25519PrivateKey.generate())
    assert first_bad(TOLD, [forger])[0] is Point.ANCHOR_FORGED
    assert first_bad(TOLD, [countersigned(TOLD[5].hash, aud="ed25519:other")])[0] is Point.ANCHOR_FOREIGN


def test_only_an_echo_that_was_named_counts_where_one_was():
    """Whoever forges a journal may run an echo of his own; its operator is nobody's."""
    line = countersigned(TOLD[5].hash)
    named = key_id(PUBLIC[0])

    def told(*names: str) -> list[Point]:
        return [each.point for each in anchors(Chain().walk(TOLD), [line], frozenset({OURS}), frozenset(names))]

    assert told() == told(named) == told("ed25519:other", named) == [Point.ANCHORED]
    assert told("ed25519:other") == [Point.ANCHOR_UNNAMED, Point.NOT_ANCHORED]


def test_an_excerpt_begins_anywhere_and_other_stories_are_withheld():
    """Anchors from before it began are no loss; one that should be in it is."""
    excerpt = [TOLD[2].without_body(), *TOLD[3:]]
    before = countersigned(TOLD[0].hash, START)
    inside = countersigned("f" * 64, START + timedelta(hours=4))

    told = found(dossier(excerpt, [before, countersigned(TOLD[4].hash, START + timedelta(hours=5))]))
    assert {each.point for each in told if each.point is not Point.SEALED} == {
        Point.CHAIN,
        Point.WITHHELD,
        Point.ANCHORED,
        Point.TAIL,
    }
    assert Point.HEAD_LOST in points(dossier(excerpt, [before, inside]))
    assert Point.NOT_ANCHORED in points(
        dossier(excerpt, [countersigned(TOLD[1].hash, START + timedelta(hours=2))])
    )


def test_a_body_that_no_purge_has_taken_out_is_missed_in_a_store():
    """An excerpt may leave it out, a store may not."""
    assert first_bad([TOLD[0], TOLD[1].without_body(), *TOLD[2:]]) == (Point.BODY_GONE, "2")


def purging(before: str, at: str = "2026-09-02T09:00:00.000000Z", kind: str = "incident") -> list[Entry]:
    """A story whose text is taken out, and the purge that says so."""
    body = {"incident": {"number": 1, "level": 2, "closed": None}, "chapters": []}
    story = next_entry((1, TOLD[0].hash), "2026-03-02T10:00:00.000000Z", EntryKind(kind), body)
    purge = next_entry((2, story.hash), at, EntryKind.PURGED, {"before": before, "taken_out": [2]})
    return [TOLD[0], story.without_body(), purge]


def test_a_purge_may_take_the_text_of_a_story_that_has_had_its_time():
    """And of nothing else: not of an alarm, nor of what is as young as the purge, nor within a month."""
    old, kept = "2026-03-02T10:00:00.000000Z", "2026-03-03T10:00:00.000000Z"
    assert [each.point for each in chained(purging(kept))] == [Point.CHAIN, Point.NOT_ANCHORED]

    assert first_bad(purging(kept, kind="alarm")) == (Point.BODY_GONE, "2")
    assert first_bad(purging(old)) == (Point.BODY_GONE, "2")
    young = [each for each in chained(purging(kept, "2026-03-20T00:00:00.000000Z")) if each.is_bad]
    assert [each.point for each in young] == [Point.BODY_GONE, Point.PURGE_FALSE]
    assert first_bad(purging("9999", kind="incident")) == (Point.LINE_UNREADABLE, "3")


def test_a_purge_that_was_signed_before_its_own_date_is_false():
    """Whoever dates it into the future makes everything old enough."""
    told = purging("2029-03-03T10:00:00.000000Z", "2030-03-02T10:00:00.000000Z")

    assert first_bad(told, [countersigned(told[-1].hash, START + timedelta(days=2))]) == (Point.PURGE_FALSE, "3")
    late = countersigned(told[-1].hash, START + timedelta(days=5 * 365))
    assert not any(each.is_bad for each in chained(told, [countersigned(told[0].hash), late]))


def test_an_end_that_tells_of_incidents_is_not_covered_by_the_signature_before_it():
    """Papers and days after it are only counted."""
    told = purging("2026-03-03T10:00:00.000000Z")

    found = chained(told, [countersigned(told[0].hash)])
    assert [(each.point, each.about.get("count")) for each in found][2:] == [
        (Point.TAIL, 2),
        (Point.TAIL_TELLS, 2),
    ]
    assert Point.TAIL_TELLS not in {each.point for each in chained(told, [countersigned(told[2].hash)])}


def test_a_dossier_whose_journal_ends_elsewhere_than_it_says_is_changed():
    """Sealed for one head, filled with another."""
    raw = dossier(TOLD)
    kept = unseal(raw)

    assert Point.OTHER_HEAD in {each.point for each in pack(replace(kept, head="e" * 64), OURS)}


def test_a_dossier_that_was_opened_and_closed_again_is_named_by_its_file():
    """One byte of the PDF."""
    drawn = BytesIO()
    with zipfile.ZipFile(BytesIO(dossier(TOLD))) as read, zipfile.ZipFile(drawn, "w") as write:
        for info in read.infolist():
            content = read.read(info)
            write.writestr(info, content + b" " if info.filename == "dossier.pdf" else content)

    told = found(drawn.getvalue())
    assert [(each.point, dict(each.about)) for each in told if each.is_bad] == [
        (Point.FILE_CHANGED, {"name": "dossier.pdf"})
    ]


@pytest.mark.parametrize("line", [b"\xff\n", b"{}\n", b"[]\n", b'{"number":1}\n', b"[" * 50_000])
def test_a_journal_nobody_can_read_is_a_finding(line):
    """Never a traceback; the entries before it were read."""
    made = dossier(TOLD[:2])
    kept = unseal(made)
    files = dict(kept.files) | {"journal.jsonl": kept.files["journal.jsonl"] + line}

    told = pack(replace(kept, files=files), OURS)
    assert [dict(each.about) for each in told if each.point is Point.LINE_UNREADABLE] == [{"number": "3"}]


@pytest.mark.parametrize("body", ["x", "[]", "{}", '{"incident":1,"chapters":[]}', '{"incident":{"number":[]}}'])
def test_a_body_nobody_can_read_is_a_finding(body):
    """Somebody may hash anything."""
    forged = rewritten([replace(TOLD[0], kind="incident", body=body)])

    assert first_bad(forged) == (Point.LINE_UNREADABLE, "1")


def test_a_signed_check_that_was_bent_or_is_anothers_is_named():
    """One cell of it is enough."""
    line = countersigned("")

    for wrong in (bent(line), "", countersigned("", aud="ed25519:other")):
        told = found(dossier(TOLD, [], rapports__check_json=wrong.encode()))
        assert [dict(each.about) for each in told if each.is_bad] == [{"name": "rapports/check.json"}]
