/** The dashboard in Debian's Chromium, driven as its user would: by keys. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const commandLine = join(import.meta.dirname, '../../infra/cli/main.ts');
const tabsMax = 80;

export async function openBrowser(): Promise<Browser> {
  const executablePath = programs.find((file) => existsSync(file));
  if (executablePath === undefined) throw new Error('There is no Chromium: npm run test:dashboard installs it on Debian, as root.');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--force-color-profile=srgb'] });
}

export interface DashboardGate {
  /** Signs in once. */
  readonly url: string;
  close(): void;
}

/** `hibernetes dashboard`, in a process of its own. */
export async function openGate(dataDir: string): Promise<DashboardGate> {
  const child = spawn(process.execPath, [commandLine, 'dashboard', '--data-dir', dataDir, '--no-browser', '-o', 'json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.once('exit', (code) => reject(new Error(`hibernetes dashboard exited ${code}`)));
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      const [, found] = /"url": "([^"]+)"/.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  return { url, close: () => child.kill() };
}

/** Things that a page must never do. */
export interface Watched {
  readonly page: Page;
  /** Requests to other hosts than its own, failures in it, and breaches of its policy. */
  readonly faults: string[];
}

export async function openPage(browser: Browser, url: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<Watched> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ignoreHTTPSErrors: true, ...options });
  const faults: string[] = [];
  const { host } = new URL(url);
  page.on('request', (request) => {
    if (new URL(request.url()).host !== host) faults.push(`it asks ${request.url()}`);
  });
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('dialog', (dialog) => {
    faults.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  await page.locator('nav, .sign-in').first().waitFor();
  return { page, faults };
}

/** Presses Tab until the focus is on what has this text or label, as a user without a mouse does. */
export async function focusByTab(page: Page, label: string): Promise<void> {
  for (let count = 0; count < tabsMax; count += 1) {
    const focused = page.locator(':focus').last();
    const found =
      (await focused.count()) > 0 &&
      ((await focused.textContent())?.trim() === label || (await focused.getAttribute('aria-label')) === label);
    if (found) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not reach ${label}`);
}

export async function pressButton(page: Page, label: string): Promise<void> {
  await page.getByRole('button', { name: label, exact: true }).waitFor();
  await focusByTab(page, label);
  await page.keyboard.press('Enter');
}

/** `:` and the kind, `/` and the name, Enter. */
export async function goTo(page: Page, kind: string, name: string): Promise<void> {
  await page.keyboard.press('Escape');
  await page.evaluate('document.activeElement.blur()');
  await page.keyboard.press(':');
  await page.getByRole('combobox', { name: 'Name of a kind' }).waitFor();
  await page.keyboard.type(kind);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: kind.split('.')[0] ?? '', exact: true }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type(name);
  await page.getByRole('gridcell', { name, exact: true }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await page.locator('h1 .name', { hasText: name }).first().waitFor();
}

export const noticeOf = (page: Page): Promise<string | null> => page.locator('.notice:not(:empty)').textContent();
