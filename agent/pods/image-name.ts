/** Whether a name can be that of an image, and if not, why, in upstream's words. Source: github.com/distribution/reference, normalize.go, regexp.go */

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const path = `${component}(?:/${component})*`;
const hostWord = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const host = `(?:${hostWord}(?:\\.${hostWord})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const tag = '\\w[\\w.-]{0,127}';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const reference = new RegExp(`^(?:${host}/)?${path}(?::${tag})?(?:@${digest})?$`);
const identifier = /^[a-f0-9]{64}$/;
/** The longest reference that is matched: the expression's time grows faster than the text. */
const referenceLengthMax = 1024;

/** Undefined: it can. */
export function imageNameProblem(image: string): string | undefined {
  const problem = parseProblem(image);
  return problem === undefined ? undefined : `couldn't parse image name ${JSON.stringify(shownImage(image))}: ${problem}`;
}

/** The message stands in the pod's status and its Events. */
export const shownImage = (text: string): string => text.slice(0, referenceLengthMax);

function parseProblem(image: string): string | undefined {
  if (identifier.test(image)) return `invalid repository name (${image}), cannot specify 64-byte hexadecimal strings`;
  const [repository = ''] = withoutHost(image).split(':');
  if (repository.toLowerCase() !== repository)
    return `invalid reference format: repository name (${shownImage(repository)}) must be lowercase`;
  return image.length <= referenceLengthMax && reference.test(image) ? undefined : 'invalid reference format';
}

/** The first word is a host if it looks like one; names without a host belong to `library`. */
function withoutHost(image: string): string {
  const [first = '', ...rest] = image.split('/');
  if (rest.length === 0) return `library/${image}`;
  const isHost = /[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first;
  return isHost ? rest.join('/') : image;
}
