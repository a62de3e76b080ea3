/**
 * Links in what a proxied server answers, led through the proxy again.
 * Source: apimachinery, pkg/util/proxy/transport.go; the attributes are those of http://www.w3.org/TR/REC-html40/index/attributes.html
 */

import { attributesOf, nextTag } from './html-tags.ts';

export interface LinkPlace {
  /** `/api/v1/namespaces/default/pods/web/proxy` */
  readonly prefix: string;
  /** `address:port` of the proxied server. */
  readonly serverHost: string;
  /** The Host header of the client. */
  readonly requestHost: string;
}

const urlPattern = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/s;

/** The same when it leads to another server, or is relative. */
export function rewrittenUrl(url: string, { prefix, serverHost, requestHost }: LinkPlace): string {
  const [, scheme, host = '', path = '', rest = ''] = urlPattern.exec(url) ?? [];
  const isElsewhere = host !== '' && host !== serverHost && host !== requestHost;
  if (isElsewhere || !path.startsWith('/')) return url;
  const kept = host === requestHost && host !== '' ? `${scheme === undefined ? '' : `${scheme}:`}//${host}` : '';
  return `${kept}${path.startsWith(prefix) ? path : prefix + path.replaceAll(/\/+/g, '/')}${rest}`;
}

const linkAttributes: ReadonlyMap<string, readonly string[]> = new Map([
  ['a', ['href']],
  ['applet', ['codebase']],
  ['area', ['href']],
  ['audio', ['src']],
  ['base', ['href']],
  ['blockquote', ['cite']],
  ['body', ['background']],
  ['button', ['formaction']],
  ['command', ['icon']],
  ['del', ['cite']],
  ['embed', ['src']],
  ['form', ['action']],
  ['frame', ['longdesc', 'src']],
  ['head', ['profile']],
  ['html', ['manifest']],
  ['iframe', ['longdesc', 'src']],
  ['img', ['longdesc', 'src', 'usemap']],
  ['input', ['src', 'usemap', 'formaction']],
  ['ins', ['cite']],
  ['link', ['href']],
  ['object', ['classid', 'codebase', 'data', 'usemap']],
  ['q', ['cite']],
  ['script', ['src']],
  ['source', ['src']],
  ['video', ['poster', 'src']],
]);

/** What stands inside is text, whatever it looks like. */
const rawTextElements = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes', 'plaintext']);

const entities: Readonly<Record<string, string>> = { '&amp;': '&', '&#38;': '&', '&quot;': '"', '&#34;': '"', '&#39;': "'", '&apos;': "'" };
const unescaped = (text: string): string => text.replaceAll(/&(?:amp|#38|quot|#34|#39|apos);/g, (entity) => entities[entity] ?? entity);
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&#34;').replaceAll("'", '&#39;');

function rewrittenTag(tag: string, attributes: string, place: LinkPlace): string {
  const wanted = linkAttributes.get(tag.toLowerCase());
  if (wanted === undefined) return attributes;
  return attributesOf(attributes)
    .map(({ before, name, equals, value }) => {
      const quote = value.startsWith('"') || value.startsWith("'");
      const url = unescaped(quote ? value.slice(1, -1) : value);
      const rewritten = wanted.includes(name.toLowerCase()) ? rewrittenUrl(url, place) : url;
      return `${before}${name}${equals}${rewritten === url ? value : `"${escaped(rewritten)}"`}`;
    })
    .join('');
}

export function rewrittenHtml(html: string, place: LinkPlace): string {
  const lower = html.toLowerCase();
  const parts: string[] = [];
  let from = 0;
  let at = 0;
  for (let tag = nextTag(html, at); tag !== undefined; tag = nextTag(html, at)) {
    const { name, attributes, start, end } = tag;
    parts.push(html.slice(from, start), `<${name}${rewrittenTag(name, attributes, place)}>`);
    from = end;
    at = rawTextElements.has(name.toLowerCase()) ? endOfRawText(lower, name.toLowerCase(), end) : end;
  }
  return parts.join('') + html.slice(from);
}

function endOfRawText(lower: string, name: string, from: number): number {
  const end = lower.indexOf(`</${name}`, from);
  return end < 0 ? lower.length : end;
}
