// What tests/web/test_web_script.py checks the page's script with: ESLint's recommended rules.
import js from '@eslint/js';
import globals from 'globals';

const fromGradio = { element: 'readonly', trigger: 'readonly', watch: 'readonly' };

export default [
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: { sourceType: 'script', globals: { ...globals.browser, ...fromGradio } },
  },
];
