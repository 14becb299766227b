import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// web/build.py puts what is built into the Python package, which serves it. `vite` alone talks to PENSTOCK_URL's server.
export default defineConfig({
  plugins: [react()],
  // The server puts a fresh nonce here for each page; its policy lets styles with that nonce alone be added.
  html: { cspNonce: "__NONCE__" },
  build: {
    outDir: "dist",
    target: "es2023",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
    license: { fileName: "licences.md" },
  },
  server: { proxy: { "/api": process.env["PENSTOCK_URL"] ?? "http://127.0.0.1:8000" } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
