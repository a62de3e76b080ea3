/** The rules against attacks, class by class. Each has the edit that takes it out and the test that must notice. */
import type { Edit } from './source-copy.ts';

export interface Weakening {
  /** The rule that no longer holds. */
  readonly without: string;
  /** The path of the test from the project's root. */
  readonly test: string;
  readonly edits: readonly Edit[];
}

export const weakenings: readonly Weakening[] = [
  {
    without: 'a cluster-scoped kind is served through no namespace',
    test: 'test/security/placement.test.ts',
    edits: [
      {
        file: 'functions/apiserver/verbs/resource-endpoint.ts',
        from: 'definition.type.namespaced || !info.isNamespaced;',
        to: 'definition.type.namespaced || info !== undefined;',
      },
    ],
  },
  {
    without: 'a user grants only rights that the user holds',
    test: 'test/security/escalation.test.ts',
    edits: [
      {
        file: 'functions/apiserver/auth/rbac/escalation.ts',
        from: '  if (missing.length === 0) return;',
        to: '  if (missing.length >= 0) return;',
      },
    ],
  },
  {
    without: 'volumes that the agent writes are mounted read-only',
    test: 'test/security/volumes.test.ts',
    edits: [
      {
        file: 'agent/pods/container-config.ts',
        from: 'mount.readOnly === true || volume.isReadOnly,',
        to: 'mount.readOnly === true,',
      },
    ],
  },
  {
    without: 'names are opened without following links',
    test: 'test/security/links.test.ts',
    edits: [
      {
        file: 'agent/files/directory.ts',
        from: 'const directoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;',
        to: 'const directoryFlags = O_RDONLY | O_DIRECTORY;',
      },
      { file: 'agent/files/directory.ts', from: 'flags | O_NOFOLLOW | O_NONBLOCK', to: 'flags | O_NONBLOCK' },
      { file: 'agent/files/directory.ts', from: 'O_PATH | O_NOFOLLOW', to: 'O_PATH' },
    ],
  },
  {
    without: 'a key is well-formed before it is committed',
    test: 'test/security/keys.test.ts',
    edits: [{ file: 'functions/store/keys.ts', from: 'if (!part.isWellFormed()) throw', to: 'if (part === undefined) throw' }],
  },
  {
    without: 'NodeRestriction checks what a node writes',
    test: 'test/security/nodes.test.ts',
    edits: [
      {
        file: 'functions/apiserver/admission/node-restriction/node-restriction.ts',
        from: 'handles: ({ type, subresource }) => checkFor(type, subresource) !== undefined,',
        to: 'handles: ({ type, subresource }) => checkFor(type, subresource) === null,',
      },
    ],
  },
  {
    without: 'a node labels itself with its own labels alone',
    test: 'test/security/nodes.test.ts',
    edits: [
      {
        file: 'functions/apiserver/admission/node-restriction/nodes.ts',
        from: '.filter((label) => after[label] !== before[label] && isForbiddenLabel(label))',
        to: '.filter((label) => after[label] !== before[label] && label.length > 1000)',
      },
    ],
  },
  {
    without: 'expressions take time that grows with the text and no faster',
    test: 'test/security/expressions.test.ts',
    edits: [
      {
        file: 'functions/kube/quantity.ts',
        from: 'const grammar = /^([+-]?)(\\d*)(?:\\.(\\d*))?((?:[eEinumkKMGTP]+[-+]?\\d*|[-+]\\d*)?)$/;',
        to: 'const grammar = /^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/;',
      },
      { file: 'functions/apiserver/auth/bearer-token.ts', from: ': authorization).trim()', to: ": authorization).replace(/\\s+$/, '')" },
      { file: 'functions/cloud/iam-token.ts', from: '/^[0-9a-f]{64}$/', to: '/^(?:[0-9a-f]+)+$/' },
    ],
  },
  {
    without: 'one request of each caller begins in a turn of the event loop',
    test: 'test/security/fairness.test.ts',
    edits: [
      {
        file: 'functions/apiserver/flow-control/arrivals.ts',
        from: 'if (this.#clock.nextTurn === undefined) return',
        to: 'if (caller !== undefined) return',
      },
    ],
  },
  {
    without: 'who does not know the address of an emulator is refused',
    test: 'test/security/emulator.test.ts',
    edits: [
      {
        file: 'infra/local/cloud/guarded-server.ts',
        from: 'if (asked.length !== secret.length || !timingSafeEqual(asked, secret)) return refuse',
        to: 'if (asked.length < 0 && !timingSafeEqual(asked, secret)) return refuse',
      },
    ],
  },
  {
    without: 'a name that every object inherits names nothing',
    test: 'test/security/inherited-names.test.ts',
    edits: [
      {
        file: 'functions/apiserver/http/content-negotiation.ts',
        from: 'const form = forms.get(as);',
        to: 'const form = (Object.fromEntries(forms) as Record<string, Form>)[as];',
      },
    ],
  },
  {
    without: 'documents nest only so deep',
    test: 'test/security/depth.test.ts',
    edits: [{ file: 'functions/kube/bounded-json.ts', from: 'if (depth > depthMax) throw', to: 'if (depth < 0) throw' }],
  },
  {
    without: 'label selectors are read in one pass',
    test: 'test/security/parsers.test.ts',
    edits: [
      {
        file: 'functions/kube/label-selector-parser.ts',
        from: '  while (end < text.length && !special.has',
        to: '  for (let before = 0; before < start; before += 1) special.has(text.charAt(before));\n  while (end < text.length && !special.has',
      },
    ],
  },
  {
    without: 'rights are decided on a view as new as the answer',
    test: 'test/security/freshness.test.ts',
    edits: [
      { file: 'functions/apiserver/filters/authority.ts', from: 'if (moved()) await decide();', to: '' },
      {
        file: 'functions/apiserver/filters/authority.ts',
        from: 'else if (refusal !== undefined) throw refusal;',
        to: 'if (refusal !== undefined) throw refusal;',
      },
      {
        file: 'functions/apiserver/filters/authority.ts',
        from: 'if (!moved()) return response;',
        to: 'if (response.bodyUsed || moved() || !moved()) return response;',
      },
    ],
  },
  {
    without: 'tokens name the token service of a known region',
    test: 'test/security/strangers.test.ts',
    edits: [
      {
        file: 'functions/cloud/token-service.ts',
        from: '=> regionOfHost.get(host);',
        to: '=> regionOfHost.get(host) ?? /^sts\\.([^.]+)/.exec(host)?.[1];',
      },
    ],
  },
  {
    without: 'questions about strangers’ tokens are limited',
    test: 'test/security/strangers.test.ts',
    edits: [
      {
        file: 'functions/cloud/question-limit.ts',
        from: 'if (inFlight >= inFlightMax || asked >= perSecondMax) throw',
        to: 'if (inFlight < 0) throw',
      },
    ],
  },
  {
    without: 'the node fails pods whose protection it cannot give',
    test: 'test/security/protection.test.ts',
    edits: [
      { file: 'agent/pods/node-features.ts', from: "if (os?.name !== undefined && os.name !== 'linux') {", to: 'if (os?.name === null) {' },
      {
        file: 'agent/pods/node-features.ts',
        from: "if (securityContext?.supplementalGroupsPolicy === 'Strict' && !features.supplementalGroupsPolicy) {",
        to: 'if (securityContext === null) {',
      },
      {
        file: 'agent/pods/node-features.ts',
        from: 'if (specOf(pod).hostUsers !== false) return undefined;',
        to: 'if (pod !== undefined) return undefined;',
      },
    ],
  },
  {
    without: 'pods keep to the standards of their namespace',
    test: 'test/security/pod-security.test.ts',
    edits: [
      {
        file: 'functions/apiserver/admission/pod-security/pod-security.ts',
        from: "if (operation !== 'CREATE' && operation !== 'UPDATE') return false;",
        to: "if (operation !== 'CREATE' || type !== undefined) return false;",
      },
    ],
  },
  {
    without: 'Secrets are sealed',
    test: 'test/security/secrets-at-rest.test.ts',
    edits: [{ file: 'functions/store/format.ts', from: "new Set(['secrets'])", to: "new Set(['nothing'])" }],
  },
  {
    without: 'no body of a Secret stands in the audit log',
    test: 'test/security/audit.test.ts',
    edits: [
      {
        file: 'functions/apiserver/audit/confidential.ts',
        from: "(level === 'Request' || level === 'RequestResponse') && isConfidential(info)",
        to: 'isConfidential(info) && level === undefined',
      },
    ],
  },
  {
    without: 'requests beyond the seats wait or are turned away',
    test: 'test/security/fairness.test.ts',
    edits: [
      {
        file: 'functions/apiserver/flow-control/flow-control.ts',
        from: 'if (levels.mayBegin(level, queue, key)) this',
        to: 'if (level.waiting >= 0) this',
      },
    ],
  },
  {
    without: 'a request gets its seat when its body is there',
    test: 'test/security/fairness.test.ts',
    edits: [
      {
        file: 'functions/apiserver/flow-control/limited.ts',
        from: 'if (!isReceivedFirst) return',
        to: 'if (!isReceivedFirst || isReceivedFirst) return',
      },
    ],
  },
  {
    without: 'what a node reports is read by its schema',
    test: 'test/security/reports.test.ts',
    edits: [
      {
        file: 'functions/apiserver/nodes/node-reports.ts',
        from: 'return builtIn(`io.k8s.api.core.v1.${type}`).decode(sent as JsonObject, { keepsEmpty: true }).object;',
        to: 'return builtIn === undefined ? {} : (sent as JsonObject);',
      },
    ],
  },
  {
    without: 'no Service leads to the machine itself',
    test: 'test/security/endpoints.test.ts',
    edits: [
      {
        file: 'functions/kube/special-ip.ts',
        from: '  if (address === undefined) return undefined;',
        to: '  if (address === undefined || text !== "") return undefined;',
      },
    ],
  },
  {
    without: 'credentials stay with the API',
    test: 'test/security/credentials.test.ts',
    edits: [
      { file: 'functions/apiserver/proxy/proxied-headers.ts', from: '|| keptBack.test(name) ||', to: '||' },
      {
        file: 'functions/apiserver/auth/bearer-token.ts',
        from: 'filter((name) => !name.startsWith(protocolPrefix))',
        to: 'filter((name) => name !== protocolPrefix)',
      },
    ],
  },
  {
    without: 'each line of a backup is read as its type',
    test: 'test/security/backups.test.ts',
    edits: [
      {
        file: 'infra/backup/backup-lines.ts',
        from: "typeof type === 'string' && shapes[type]?.(line) === true;",
        to: "typeof type === 'string';",
      },
    ],
  },
  {
    without: 'no log and no message is read through a link',
    test: 'test/security/node-files.test.ts',
    edits: ['agent/pods/termination-message.ts', 'agent/relay/log-reader.ts'].map((file) => ({
      file,
      from: 'constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK',
      to: 'constants.O_RDONLY | constants.O_NONBLOCK',
    })),
  },
  {
    without: 'no history of a cluster-scoped kind is served through a namespace',
    test: 'test/security/past-paths.test.ts',
    edits: [
      {
        file: 'functions/apiserver/as-of/as-of.ts',
        from: 'info.isNamespaced && index.kind(info)?.definition.type.namespaced === false;',
        to: "info.resource === '' && index.kind(info) !== undefined;",
      },
    ],
  },
  {
    without: 'a bandwidth that no runtime can give is refused before one is asked',
    test: 'agent/pods/bandwidth.test.ts',
    edits: [
      {
        file: 'agent/pods/bandwidth.ts',
        from: 'const problem = text === undefined ? undefined : problemOf(text);',
        to: "const problem = text === undefined || text !== '' ? undefined : problemOf(text);",
      },
    ],
  },
];
