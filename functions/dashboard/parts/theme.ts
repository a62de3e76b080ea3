/** Dark or light: as the system has it, or as the user chose in this browser. */

export type Theme = 'system' | 'light' | 'dark';

const storedAs = 'hibernetes.theme';
const themes: readonly Theme[] = ['system', 'light', 'dark'];

export const theme = (): Theme => themes.find((one) => one === localStorage.getItem(storedAs)) ?? 'system';

export const nextTheme = (current: Theme): Theme => themes[(themes.indexOf(current) + 1) % themes.length] ?? 'system';

export function showTheme(): void {
  document.documentElement.dataset['theme'] = theme();
}

export function setTheme(chosen: Theme): void {
  localStorage.setItem(storedAs, chosen);
  showTheme();
}
