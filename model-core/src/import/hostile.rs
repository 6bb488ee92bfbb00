//! Files that mean harm, and files that were harmed: each is refused with a sentence, none runs, hangs or panics.

use super::torch::read;

const ARCHIVE: &[u8] = include_bytes!("../../tests/golden/resnet18-archive.pth");
const PLAIN: &[u8] = include_bytes!("../../tests/golden/resnet18-plain.pth");

/// A plain file whose state dict is this pickle, with one storage "0" of four f32.
fn plain(state: &[u8]) -> Vec<u8> {
    let mut file = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.".to_vec();
    file.extend(b"\x80\x02M\xe9\x03.");
    file.extend(b"\x80\x02}.");
    file.extend(b"\x80\x02");
    file.extend(state);
    file.extend(b"\x80\x02]X\x01\x00\x00\x000a.");
    file.extend(4_u64.to_le_bytes());
    file.extend([0; 16]);
    file
}

/// `{"w": tensor}` with this offset, shape and stride, each a pickled value.
fn tensor(offset: &[u8], shape: &[u8], stride: &[u8]) -> Vec<u8> {
    let parts: [&[u8]; 8] = [
        b"}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n(",
        b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04NtQ",
        offset,
        shape,
        stride,
        b"\x89}",
        b"tRs",
        b".",
    ];
    plain(&parts.concat())
}

fn refusal(file: &[u8]) -> String {
    read(file).unwrap_err()
}

#[test]
fn an_honest_tensor_of_the_same_making_is_read() {
    let found = read(&tensor(b"K\x00", b"K\x02K\x02\x86", b"K\x02K\x01\x86")).unwrap();
    assert_eq!(found.tensors["w"].size(), [2, 2]);
}

#[test]
fn nothing_but_a_state_dict_s_names_is_known() {
    for (pickle, name) in [
        (
            b"cos\nsystem\nX\x02\x00\x00\x00id\x85R.".as_slice(),
            "os.system",
        ),
        (
            b"cbuiltins\neval\nX\x01\x00\x00\x001\x85R.",
            "builtins.eval",
        ),
        (b"\x8c\x05posix\x8c\x06system\x93)R.", "posix.system"),
        (b"ctorch\nload\n)R.", "torch.load"),
        (
            b"ctorch._utils\n_rebuild_device_tensor_from_numpy\n)R.",
            "numpy",
        ),
        (b"ctorch.nn.modules.conv\nConv2d\n)R.", "state_dict()"),
    ] {
        let said = refusal(&plain(pickle));
        assert!(said.contains(name), "{name}: {said}");
    }
    // INST, OBJ, NEWOBJ, NEWOBJ_EX, EXT1, REDUCE of no name, persistent ids as text, BUILD of nothing.
    for pickle in [
        b"(ios\nsystem\n.".as_slice(),
        b"(cos\nsystem\no.",
        b"ccollections\nOrderedDict\n)\x81.",
        b"ccollections\nOrderedDict\n)}\x92.",
        b"\x82\x01.",
        b"K\x01)R.",
        b"Pstorage\n.",
        b"b.",
        b"ccollections\nOrderedDict\nK\x01\x85R.",
    ] {
        assert!(!refusal(&plain(pickle)).is_empty());
    }
}

#[test]
fn tensors_cannot_reach_beyond_or_blow_up_their_storage() {
    let largest = b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f".as_slice();
    let (zero, one, two) = (b"K\x00".as_slice(), b"K\x01\x85".as_slice(), b"K\x02\x85");
    let huge = [largest, b"\x85"].concat();
    let pair = [largest, largest, b"\x86"].concat();
    for (what, offset, shape, stride) in [
        ("past the end", b"K\x03".as_slice(), two.as_slice(), one),
        ("offset overflows", largest, two, one),
        ("a huge side", zero, huge.as_slice(), one),
        (
            "a product that overflows",
            zero,
            pair.as_slice(),
            pair.as_slice(),
        ),
        ("repeats one number", zero, huge.as_slice(), b"K\x00\x85"),
        (
            "overlaps itself",
            zero,
            b"K\x02K\x04\x86",
            b"K\x00K\x01\x86",
        ),
        ("negative", b"J\xff\xff\xff\xff", two, one),
        ("shape and stride differ", zero, b"K\x01K\x01\x86", one),
        ("a shape of text", zero, b"X\x01\x00\x00\x00a\x85", one),
    ] {
        let said = refusal(&tensor(offset, shape, stride));
        assert!(said.starts_with("'w': "), "{what}: {said}");
    }
}

#[test]
fn depth_and_cycles_cost_nothing() {
    let deep = [b")".to_vec(), vec![0x85; 1_000_000], b".".to_vec()].concat();
    assert!(refusal(&plain(&deep)).contains("belongs to no tensor"));
    let marks = [vec![b'('; 1_000_000], b".".to_vec()].concat();
    assert!(!refusal(&plain(&marks)).is_empty());
    let list_in_itself = b"]q\x00h\x00a.";
    assert!(refusal(&plain(list_in_itself)).contains("belongs to no tensor"));
    let dictionary_in_itself = b"}q\x00X\x05\x00\x00\x00modelh\x00s.";
    assert!(refusal(&plain(dictionary_in_itself)).contains("belongs to no tensor"));
    let endless = vec![b')'; 6 << 20];
    assert!(refusal(&plain(&endless)).contains("cut off"));
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for file in [ARCHIVE, PLAIN] {
        for length in (0..file.len()).step_by(7) {
            assert!(!refusal(&file[..length]).is_empty(), "{length}");
        }
    }
}

#[test]
fn a_file_with_any_byte_changed_is_read_or_refused() {
    let mut refused = 0;
    for file in [ARCHIVE, PLAIN] {
        // Where the descriptions lie: the first bytes, and the archive's directory at the end.
        let described = (0..1500).chain(file.len() - 2500..file.len());
        for place in described {
            for change in [0x01, 0xFF] {
                let mut harmed = file.to_vec();
                harmed[place] ^= change;
                refused += usize::from(read(&harmed).is_err());
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}

#[test]
fn archives_that_are_not_torch_s_are_refused() {
    // The method field of the last directory entry says "deflated".
    let last = ARCHIVE
        .windows(4)
        .rposition(|bytes| bytes == b"PK\x01\x02")
        .unwrap();
    let mut compressed = ARCHIVE.to_vec();
    compressed[last + 10] = 8;
    assert!(refusal(&compressed).contains("compressed"));
    let mut elsewhere = ARCHIVE.to_vec();
    elsewhere[last + 42..last + 46].copy_from_slice(&[0xF0, 0xFF, 0xFF, 0x0F]);
    assert!(refusal(&elsewhere).contains("cut off"));
    assert!(refusal(b"PK\x03\x04").contains("cut off"));
    assert!(refusal(b"GIF89a").contains("no file of torch.save"));
}
