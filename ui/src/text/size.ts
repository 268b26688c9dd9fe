// Sizes of files as an agent reads them.
import { t } from "./index";

/** "412 kB", "2.8 MB" */
export function sizeOf(bytes: number): string {
  if (bytes < 1_000_000) return t.composer.kilobytes(Math.max(1, Math.round(bytes / 1000)));
  return t.composer.megabytes(Math.round(bytes / 100_000) / 10);
}
