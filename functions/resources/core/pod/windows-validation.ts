/** Options of containers on Windows. Source: pkg/apis/core/validation/validation.go, validateWindowsSecurityContextOptions. */
import { type FieldError, invalid } from '../../../kube/field-error.ts';
import type { PodSpec, WindowsSecurityContextOptions } from '../../../kube/generated/types.ts';
import { dnsSubdomainErrors } from '../../../kube/names.ts';
import { placedContainers } from './placed-containers.ts';

const credentialKiBMax = 64;
const domainLengthMax = 256;
const userLengthMax = 104;
const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsLabel = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const dnsName = new RegExp(String.raw`^${dnsLabel}(?:\.${dnsLabel})*$`);
// eslint-disable-next-line no-control-regex -- it is about control characters
const controlCharacters = /[\u0000-\u001f\u007f]/;

export function windowsErrors(options: WindowsSecurityContextOptions | undefined, path: string): FieldError[] {
  if (options === undefined) return [];
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: credential, runAsUserName } = options;
  return [
    ...(name === undefined ? [] : dnsSubdomainErrors(name).map((why) => invalid(`${path}.gmsaCredentialSpecName`, name, why))),
    ...(credential === undefined ? [] : credentialErrors(credential, `${path}.gmsaCredentialSpec`)),
    ...(runAsUserName === undefined
      ? []
      : userProblems(runAsUserName).map((why) => invalid(`${path}.runAsUserName`, runAsUserName, `runAsUserName${why}`))),
  ];
}

function credentialErrors(credential: string, field: string): FieldError[] {
  if (credential === '') return [invalid(field, credential, 'gmsaCredentialSpec cannot be an empty string')];
  if (Buffer.byteLength(credential) <= credentialKiBMax * 1024) return [];
  return [invalid(field, credential, `gmsaCredentialSpec size must be under ${credentialKiBMax} KiB`)];
}

/** Texts that follow the field's name. */
function userProblems(text: string): string[] {
  if (text === '') return [' cannot be an empty string'];
  if (controlCharacters.test(text)) return [' cannot contain control characters'];
  const backslash = text.indexOf('\\');
  const [domain, user] = backslash === -1 ? ['', text] : [text.slice(0, backslash), text.slice(backslash + 1)];
  const problems: string[] = [];
  if (domain.length >= domainLengthMax) problems.push(`'s Domain length must be under ${domainLengthMax} characters`);
  if (backslash !== -1 && !netBios.test(domain) && !dnsName.test(domain)) {
    problems.push("'s Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === '') problems.push("'s User cannot be empty");
  else if (user.length > userLengthMax) problems.push(`'s User length must not be longer than ${userLengthMax} characters`);
  if (/^[. ]+$/.test(user)) problems.push("'s User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    problems.push(String.raw`'s User cannot contain the following characters: "/\:;|=,+*?<>@[]`);
  }
  return problems;
}

/** Containers that are processes of the host are never alone among others. Source: validateWindowsHostProcessPod. */
export function validateHostProcesses(spec: PodSpec, path: string): FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const placed = placedContainers(spec, path).map(({ container, field }) => ({
    own: container.securityContext?.windowsOptions?.hostProcess,
    field: `${field}.securityContext.windowsOptions.hostProcess`,
  }));
  const errors = placed.flatMap(({ own, field }) =>
    ofPod !== undefined && own !== undefined && own !== ofPod
      ? [invalid(field, own, `pod hostProcess value must be identical if both are specified, was ${ofPod}`)]
      : [],
  );
  const count = placed.filter(({ own }) => (own ?? ofPod) === true).length;
  if (count === 0) return errors;
  if (count !== placed.length) {
    errors.push(invalid(path, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers'));
  }
  if (spec.hostNetwork !== true) {
    errors.push(invalid(`${path}.hostNetwork`, false, 'hostNetwork must be true if pod contains any hostProcess containers'));
  }
  return errors;
}
