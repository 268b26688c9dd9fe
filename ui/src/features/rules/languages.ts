// The languages in which the desk can tell a message to be, as ISO 639-3 codes.
import { locale } from "../../text/locale";
import { languageName } from "../../text/ruled";

const CODES =
  "amh ara aze bel ben bul cat ces cmn dan deu ell eng est fin fra guj heb hin hrv hun hye ind ita " +
  "jpn kan kat khm kor lav lit mal mar mkd mya nep nld nob ori pan pes pol por ron rus sin slk slv " +
  "spa srp swe tam tel tgl tha tur ukr urd uzb vie yid";

/** Each with its name, in the order of the agent’s own alphabet. */
export const languages = (): { value: string; label: string }[] =>
  CODES.split(" ")
    .map((value) => ({ value, label: languageName(value) }))
    .sort((a, b) => a.label.localeCompare(b.label, locale));
