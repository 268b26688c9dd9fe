import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// No inline script or style may leave the build: the window's content security policy forbids both.
export default defineConfig({
  plugins: [svelte()],
  resolve: process.env["VITEST"] ? { conditions: ["browser"] } : {},
  base: "./",
  build: {
    target: ["safari16.4", "chrome111"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    sourcemap: false,
    // Screens are chunks of their own (src/screens.ts); what they share with the inbox is one chunk and not one for each part.
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "shared", test: /[\\/]src[\\/](parts|state|domain|text)[\\/]/ }] } },
    },
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: { "/rpc": "http://127.0.0.1:7420", "/events": "http://127.0.0.1:7420", "/media": "http://127.0.0.1:7420" },
  },
  test: {
    environment: "happy-dom",
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    env: { TZ: "UTC" },
    restoreMocks: true,
    // No test waits for a time, but a machine that does other things too is slow: axe looks at a whole screen.
    testTimeout: 60_000,
  },
});
