// Light, dark, or as the system, live.
import type { Theme } from "../ipc/bindings";

export function followTheme(theme: Theme): () => void {
  const media = matchMedia("(prefers-color-scheme: dark)");
  const set = (): void => {
    document.documentElement.dataset["theme"] =
      theme === "dark" || (theme === "system" && media.matches) ? "dark" : "light";
  };
  try {
    localStorage.setItem("deskbell.theme", theme);
  } catch {
    // Only the first paint of the next start depends on it.
  }
  set();
  media.addEventListener("change", set);
  return () => media.removeEventListener("change", set);
}
