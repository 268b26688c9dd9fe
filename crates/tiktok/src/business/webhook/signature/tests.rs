//! Signatures that fit, and the many that do not. The expected values were made with another program.

use super::*;

pub(in crate::business::webhook) const BODY: &str = r#"{"client_key":"7000000000000000001","event":"im_mark_read_msg","create_time":1790000000,"user_openid":"_000EXAMPLEopenid","content":"{\"conversation_id\":\"7aB+c/d==\",\"read\":{\"last_read_timestamp\":1790000000123}}"}"#;
pub(in crate::business::webhook) const SIGNED: &str =
    "3e5a330a1dea815156f77030368a949de453c19da228cbf80b3d08bc884a2837";
const SIGNED_BEFORE: &str = "b2643c438916fd75985d232220f99483b4d453e5b7de1222737c7ae634aef324";
pub(in crate::business::webhook) const AT_S: i64 = 1_790_000_004;

fn judge(header: &str, body: &[u8]) -> Result<Verified, SignatureError> {
    verify(header, body, &[&ClientSecret::new("shop-secret")], AT_S)
}

fn header() -> String {
    format!("t={AT_S},s={SIGNED}")
}

#[test]
fn what_is_signed_here_fits() {
    let secret = ClientSecret::new("shop-secret");
    assert_eq!(sign(BODY.as_bytes(), &secret, AT_S), header());
    assert!(judge(&sign(b"", &secret, AT_S), b"").unwrap().fresh);
}

#[test]
fn hmac_is_as_rfc_4231_has_it() {
    let hex = |bytes: [u8; HASH]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let counted: Vec<u8> = (1..=25).collect();
    let long: &[u8] = b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.";
    for (key, data, expected) in [
        (&[0x0b; 20][..], &b"Hi There"[..], "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (&counted, &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        (
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (&[0xaa; 131], long, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ] {
        assert_eq!(hex(hmac_sha256(key, &[data])), expected);
        let (head, tail) = data.split_at(data.len() / 2);
        assert_eq!(hex(hmac_sha256(key, &[head, b"", tail])), expected, "in parts");
    }
}

#[test]
fn a_signature_over_the_very_bytes_is_believed() {
    assert_eq!(judge(&header(), BODY.as_bytes()), Ok(Verified { at_s: AT_S, fresh: true }));
    let empty = format!("t={AT_S},s=e67f4cdcf92f5d72f04c827761036b233775f47a059c240b3f00865e981baadc");
    assert!(judge(&empty, b"").is_ok());
    let no_text = format!("t={AT_S},s=656e47b96370fc7c7057ae06119f42ffa7084be076b16bd38420151aedfd6c72");
    assert!(judge(&no_text, b"\xff\x00\xfe").is_ok(), "bytes are signed, not text");
}

#[test]
fn the_headers_parts_may_stand_in_any_order_with_spaces_and_strangers() {
    let upper = SIGNED.to_uppercase();
    for header in [
        format!("s={SIGNED},t={AT_S}"),
        format!("  t = {AT_S} ,\t s = {SIGNED}  "),
        format!("v=2,t={AT_S},s={SIGNED},x=y=z"),
        format!(",t={AT_S},,sha1,s={SIGNED},"),
        format!("t={AT_S},s={upper}"),
        format!("v=1,t={AT_S},v=2,s={SIGNED}"),
    ] {
        assert!(judge(&header, BODY.as_bytes()).is_ok(), "{header}");
    }
}

#[test]
fn the_times_own_digits_are_what_is_signed() {
    let other = "242e23be841b93cc3c6f35d47f3ad5b44e1863a64b258450bc465ae11b116700";
    assert!(judge(&format!("t=0{AT_S},s={other}"), BODY.as_bytes()).is_ok());
    assert_eq!(judge(&format!("t={AT_S},s={other}"), BODY.as_bytes()), Err(SignatureError::Wrong));
    assert_eq!(judge(&format!("t=0{AT_S},s={SIGNED}"), BODY.as_bytes()), Err(SignatureError::Wrong));
}

#[test]
fn a_malformed_header_is_refused_by_what_is_wrong_with_it() {
    use SignatureError::{Missing, Repeated, Signature, Time};
    let (short, shorter) = (SIGNED.replacen('3', "", 1), SIGNED.replacen("3e", "", 1));
    for (header, expected) in [
        (String::new(), Missing("t")),
        (format!("t={AT_S}"), Missing("s")),
        (format!("s={SIGNED}"), Missing("t")),
        (format!("T={AT_S},s={SIGNED}"), Missing("t")),
        (format!("t={AT_S};s={SIGNED}"), Missing("s")),
        (format!("{AT_S},{SIGNED}"), Missing("t")),
        (format!("t={AT_S},t={AT_S},s={SIGNED}"), Repeated("t")),
        (format!("t={AT_S},s={SIGNED}, s ={SIGNED}"), Repeated("s")),
        (format!("t={AT_S},s=,s={SIGNED}"), Repeated("s")),
        (format!("t=,s={SIGNED}"), Time),
        (format!("t=+{AT_S},s={SIGNED}"), Time),
        (format!("t=-{AT_S},s={SIGNED}"), Time),
        (format!("t=1 790000004,s={SIGNED}"), Time),
        (format!("t={AT_S}.0,s={SIGNED}"), Time),
        (format!("t=99999999999999999999,s={SIGNED}"), Time),
        (format!("t=١٧٩,s={SIGNED}"), Time),
        (format!("t={AT_S},s="), Signature),
        (format!("t={AT_S},s={short}"), Signature),
        (format!("t={AT_S},s={SIGNED}0"), Signature),
        (format!("t={AT_S},s={SIGNED}{SIGNED}"), Signature),
        (format!("t={AT_S},s=0x{shorter}"), Signature),
        (format!("t={AT_S},s={short}g"), Signature),
        (format!("t={AT_S},s={}", "é".repeat(32)), Signature),
        (format!("t={AT_S},s={}", "0".repeat(1 << 20)), Signature),
    ] {
        let shown: String = header.chars().take(120).collect();
        assert_eq!(judge(&header, BODY.as_bytes()), Err(expected), "{shown}");
    }
}

#[test]
fn one_bit_more_or_less_is_another_body_time_or_signature() {
    for index in 0..BODY.len() {
        for bit in 0..8 {
            let mut body = BODY.as_bytes().to_vec();
            body[index] ^= 1 << bit;
            assert_eq!(judge(&header(), &body), Err(SignatureError::Wrong), "bit {bit} of byte {index}");
        }
    }
    for index in 0..HASH {
        for bit in 0..8 {
            let mut signature = bytes(SIGNED).unwrap();
            signature[index] ^= 1 << bit;
            let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(judge(&format!("t={AT_S},s={hex}"), BODY.as_bytes()), Err(SignatureError::Wrong));
        }
    }
    for at_s in [AT_S - 1, AT_S + 1, 0] {
        assert_eq!(judge(&format!("t={at_s},s={SIGNED}"), BODY.as_bytes()), Err(SignatureError::Wrong));
    }
    assert_eq!(judge(&header(), &BODY.as_bytes()[1..]), Err(SignatureError::Wrong));
    assert_eq!(judge(&header(), format!("{BODY}\n").as_bytes()), Err(SignatureError::Wrong));
}

#[test]
fn the_secret_before_still_counts_and_no_other_does() {
    let (now, before) = (ClientSecret::new("shop-secret"), ClientSecret::new("shop-secret-before"));
    let header_before = format!("t={AT_S},s={SIGNED_BEFORE}");
    for header in [&header(), &header_before] {
        assert!(verify(header, BODY.as_bytes(), &[&now, &before], AT_S).is_ok());
        assert!(verify(header, BODY.as_bytes(), &[&before, &now], AT_S).is_ok());
    }
    assert_eq!(verify(&header_before, BODY.as_bytes(), &[&now], AT_S), Err(SignatureError::Wrong));
    assert_eq!(verify(&header(), BODY.as_bytes(), &[], AT_S), Err(SignatureError::Wrong));
}

#[test]
fn a_secret_that_was_never_set_signs_nothing() {
    let forged = format!("t={AT_S},s=2d3bb0899cc94d2355c021ce00d64a94ae5d39cf88a6dbc4d6df788f5000b2f1");
    assert_eq!(verify(&forged, BODY.as_bytes(), &[&ClientSecret::new("")], AT_S), Err(SignatureError::Wrong));
}

#[test]
fn what_is_old_is_tiktoks_all_the_same() {
    let secret = ClientSecret::new("shop-secret");
    for (age_s, fresh) in [
        (0, true),
        (300, true),
        (301, false),
        (360, false),
        (71 * 3600, false),
        (-60, true),
        (-61, false),
        (-600, false),
        (i64::MAX - AT_S, false),
        (i64::MIN, false),
    ] {
        let verified = verify(&header(), BODY.as_bytes(), &[&secret], AT_S.saturating_add(age_s)).unwrap();
        assert_eq!(verified, Verified { at_s: AT_S, fresh }, "{age_s} s old");
    }
}
