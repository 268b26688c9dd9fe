// Sizes of files as an agent reads them.
import { t } from "./index";

/** "412 kB", "2.8 MB" */
export function sizeOf(bytes: number): string {
  if (bytes < 1_000_000) return t.composer.kilobytes(Math.max(1, Math.round(bytes / 1000)));
  return t.composer.megabytes(Math.round(bytes / 100_000) / 10);
}

const KIB = 1024;

/** "640 MB", "1.2 GB": room on the disk, counted as the systems' own file lists do. */
export function roomOf(bytes: number): string {
  const mebibytes = bytes / KIB / KIB;
  if (mebibytes < 1000)
    return t.data.megabytes(mebibytes < 10 ? Math.max(0.1, Math.round(mebibytes * 10) / 10) : Math.round(mebibytes));
  return t.data.gigabytes(Math.round((mebibytes / KIB) * 10) / 10);
}
