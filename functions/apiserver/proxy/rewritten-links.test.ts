import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rewrittenHtml, rewrittenUrl } from './rewritten-links.ts';

const place = { prefix: '/p/proxy', serverHost: '10.0.0.1:80', requestHost: 'api:6443' };

const urls: readonly [string, string][] = [
  ['/a/b?c=d#e', '/p/proxy/a/b?c=d#e'],
  ['a/b', 'a/b'],
  ['', ''],
  ['#top', '#top'],
  ['http://10.0.0.1:80/a', '/p/proxy/a'],
  ['//10.0.0.1:80/a/', '/p/proxy/a/'],
  ['https://api:6443/a', 'https://api:6443/p/proxy/a'],
  ['https://example.com/a', 'https://example.com/a'],
  ['/p/proxy/a', '/p/proxy/a'],
  ['mailto:a@b', 'mailto:a@b'],
];
for (const [url, expected] of urls) {
  test(`leads ${JSON.stringify(url)} to ${JSON.stringify(expected)}`, () => assert.equal(rewrittenUrl(url, place), expected));
}

const pages: readonly [string, string][] = [
  ['<A HREF=/x title="1 > 0">/x</A>', '<A HREF="/p/proxy/x" title="1 > 0">/x</A>'],
  [`<img src='/i.png' alt="/i.png"/>`, `<img src="/p/proxy/i.png" alt="/i.png"/>`],
  ['<a href="/q?a=1&amp;b=2">', '<a href="/p/proxy/q?a=1&amp;b=2">'],
  ['<constructor href="/x">', '<constructor href="/x">'],
  ['<!-- <a href="/x"> -->', '<!-- <a href="/x"> -->'],
  [
    '<script src="/s.js">let a = "<a href=\'/x\'>"</script><a href="/y">',
    '<script src="/p/proxy/s.js">let a = "<a href=\'/x\'>"</script><a href="/p/proxy/y">',
  ],
  ['<p href="/x">1 < 2</p>', '<p href="/x">1 < 2</p>'],
];
for (const [page, expected] of pages) {
  test(`rewrites ${page}`, () => assert.equal(rewrittenHtml(page, place), expected));
}
