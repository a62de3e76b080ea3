/** A terminal in the page, bound to a program in a container. Loaded when it is first shown. */
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { apiBase } from '../../browser.ts';
import { currentToken } from '../../api/session.ts';
import { channels, endText, frame, protocolsOf, resizeFrame } from './channels.ts';

export interface TerminalOptions {
  /** The path of the API, with its query. */
  readonly path: string;
  onEnd(text: string): void;
}

const styleTag = 'terminal-style';

/** The terminal writes its measures and colours into style elements, which the page's policy forbids: it gets others. */
const documentWithoutStyles = new Proxy(document, {
  get(target, name) {
    if (name === 'createElement') return (tag: string) => target.createElement(tag === 'style' ? styleTag : tag);
    const value: unknown = Reflect.get(target, name);
    return typeof value === 'function' ? (value.bind(target) as unknown) : value;
  },
});

/** Puts the same rules into sheets that scripts may make. Returns how to remove them. */
function adoptStyles(parent: HTMLElement): () => void {
  const sheets = new Map<Element, CSSStyleSheet>();
  const adopt = (): void => {
    for (const element of parent.querySelectorAll(styleTag)) {
      const sheet = sheets.get(element) ?? new CSSStyleSheet();
      sheet.replaceSync(element.textContent ?? '');
      if (!sheets.has(element)) document.adoptedStyleSheets.push(sheet);
      sheets.set(element, sheet);
    }
  };
  const observer = new MutationObserver(adopt);
  observer.observe(parent, { childList: true, subtree: true, characterData: true });
  adopt();
  return () => {
    observer.disconnect();
    const own = new Set(sheets.values());
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => !own.has(sheet));
  };
}

function themeOf(element: HTMLElement): { background: string; foreground: string; cursor: string } {
  const { backgroundColor: background, color: foreground } = getComputedStyle(element);
  return { background, foreground, cursor: foreground };
}

/** Returns how to end it. */
export function openTerminal(parent: HTMLElement, { path, onEnd }: TerminalOptions): () => void {
  const terminal = new Terminal({ theme: themeOf(parent), fontSize: 13, screenReaderMode: true, documentOverride: documentWithoutStyles });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(parent);
  const forget = adoptStyles(parent);
  const address = new URL(`${apiBase()}${path}`, location.href);
  address.protocol = address.protocol.replace('http', 'ws');
  const socket = new WebSocket(address, protocolsOf(currentToken()));
  socket.binaryType = 'arraybuffer';
  const send = (bytes: Uint8Array<ArrayBuffer>): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(bytes);
  };
  terminal.onData((text) => send(frame(channels.stdin, new TextEncoder().encode(text))));
  terminal.onResize(({ cols, rows }) => send(resizeFrame(cols, rows)));
  const resized = new ResizeObserver(() => fit.fit());
  resized.observe(parent);
  let isOpen = false;
  socket.addEventListener('open', () => {
    isOpen = true;
    send(resizeFrame(terminal.cols, terminal.rows));
    terminal.focus();
  });
  socket.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
    const bytes = new Uint8Array(data);
    const rest = bytes.subarray(1);
    if (bytes[0] === channels.stdout || bytes[0] === channels.stderr) terminal.write(rest);
    else if (bytes[0] === channels.error) onEnd(endText(new TextDecoder().decode(rest)));
  });
  socket.addEventListener('close', () =>
    onEnd(isOpen ? 'The connection is closed.' : 'No shell: the API refused, or the container has none.'),
  );
  return () => {
    resized.disconnect();
    socket.close();
    terminal.dispose();
    forget();
  };
}
