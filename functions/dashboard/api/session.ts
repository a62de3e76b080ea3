/**
 * The user's token. It is kept in this tab's own storage: other origins, other tabs and later users of the browser do not
 * read it, and closing the tab forgets it. A gate on this machine gives its own token for a code that is good once.
 */
import { apiBase } from '../browser.ts';

const storedAs = 'hibernetes.token';
export const sessionPath = '/gate.hibernetes.dev/session';

let token = sessionStorage.getItem(storedAs) ?? undefined;

export const currentToken = (): string | undefined => token;

export function signIn(shown: string): void {
  token = shown;
  sessionStorage.setItem(storedAs, shown);
}

export function signOut(): void {
  token = undefined;
  sessionStorage.removeItem(storedAs);
}

/** Exchanges the code in the address, if there is one, and removes it from the address and the history. */
export async function signInByCode(): Promise<void> {
  const [, code] = /^#code=([\w-]+)$/.exec(location.hash) ?? [];
  if (code === undefined) return;
  history.replaceState(null, '', '#/');
  const answer = await fetch(`${apiBase()}${sessionPath}`, { method: 'POST', body: code, credentials: 'omit' });
  if (answer.ok) signIn(((await answer.json()) as { readonly token: string }).token);
}
