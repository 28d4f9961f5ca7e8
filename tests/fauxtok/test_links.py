from fauxtok.links import AVATAR, VIDEO, File, Signer, Template, base62, file_of, fill, from_base62, name, signature


def test_a_name_leads_back_to_its_file():
    """A file's name says which file of which post it is."""
    for file in (File(7516594811734854943, VIDEO, 3), File(1 << 62, AVATAR)):
        assert file_of(name(file)) == file


def test_a_wrong_name_is_no_file():
    """A changed, short or foreign name is nobody's."""
    good = name(File(7516594811734854943, VIDEO))
    for bad in (good[:-1] + "~", good[:-1], "o", "", good.replace("r", "s", 1)):
        assert file_of(bad) is None


def test_base62_both_ways():
    """Digits and number are the same thing."""
    assert from_base62(base62(7516594811734854943)) == 7516594811734854943


def test_signatures_depend_on_everything():
    """Another path, time or cookie gives another signature."""
    assert (
        len({signature("/a", "1", "t"), signature("/b", "1", "t"), signature("/a", "2", "t"), signature("/a", "1", "")})
        == 4
    )


def test_a_filled_template_is_what_the_signer_makes():
    """A page put together from a template has the very links of its visitor."""
    file, signer = File(7516594811734854943, VIDEO), Signer("token", 1795331000)
    made = Template("", 1795331000).video(file, bitrate=1000, definition=6).encode()
    assert fill(tuple(made.split(b"\x7f")), signer).decode() == signer.video(file, bitrate=1000, definition=6)
