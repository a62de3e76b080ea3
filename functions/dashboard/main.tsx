/** Where the browser begins. */
import { render } from 'preact';
import { signInByCode } from './api/session.ts';
import { App } from './app.tsx';
import { showTheme } from './parts/theme.ts';
import '@xterm/xterm/css/xterm.css';
import './style.css';

showTheme();
await signInByCode();
const place = document.querySelector('#app');
if (place !== null) render(<App />, place);
