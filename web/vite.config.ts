/**
 * Builds the console to web/dist. The page is served under a policy without inline scripts, inline styles or `data:`
 * fonts, so nothing is inlined here (`assetsInlineLimit: 0`).
 */
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react(), tailwindcss()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': process.env['VIGIL_API'] ?? 'http://127.0.0.1:8440' } },
});
