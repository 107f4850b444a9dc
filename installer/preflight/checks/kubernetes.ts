// The cluster: reached, new enough, and willing to let us do what the chart needs and no more.

import { join } from 'node:path';
import { type Check, fail, type Finding, judge, pass, skip } from '../check.ts';
import type { PreflightContext } from '../check.ts';
import type { AccessAsk, PreflightCluster } from '../host.ts';

const HELM = ['helm'] as const;
const HELM_MIN = [3, 12] as const;
const KUBERNETES_MINOR_MIN = 27;
const ENFORCE_LABEL = 'pod-security.kubernetes.io/enforce';

export const KUBERNETES_CHECKS: readonly Check[] = [
  {
    id: 'helm-version',
    title: 'Helm is there and new enough',
    severity: 'fail',
    runtimes: HELM,
    doc: 'The chart is installed by Helm from 3.12 on.',
    remedy: 'Install Helm 3.12 or newer and put it into the PATH.',
    check: async (host) => {
      const { code, stdout } = await host.run('helm', ['version', '--template', '{{.Version}}']);
      if (code !== 0) return fail('helm is not installed');
      const [major = 0, minor = 0] = stdout.replace(/^v/, '').split('.').map(Number);
      const isNew = major > HELM_MIN[0] || (major === HELM_MIN[0] && minor >= HELM_MIN[1]);
      return isNew ? pass(`Helm ${stdout.trim()}`) : fail(`Helm ${stdout.trim()}`);
    },
  },
  {
    id: 'chart-readable',
    title: 'The chart is where appliance.yaml says',
    severity: 'fail',
    runtimes: HELM,
    doc: 'helm.chart names the folder of the chart, which comes with the release.',
    remedy: 'Correct helm.chart in appliance.yaml.',
    check: async (host, { target: { chart } }) => {
      if (chart === null) return fail('no chart is named');
      const text = await host.readText(join(chart, 'Chart.yaml'));
      const name = /^name:\s*(\S+)/m.exec(text ?? '')?.[1];
      if (text === null) return fail(`there is no Chart.yaml in ${chart}`);
      return name === 'sallyport'
        ? pass(chart)
        : fail(`${chart} is the chart ${name ?? 'of nobody'}`);
    },
  },
  {
    id: 'cluster-version',
    title: 'The cluster is reached and new enough',
    severity: 'fail',
    runtimes: HELM,
    doc: 'The cluster of the current context of the kubeconfig (KUBECONFIG), Kubernetes from 1.27 on.',
    remedy:
      'Set KUBECONFIG or the current context to the right cluster, and renew expired credentials.',
    check: async (host, { target }) => {
      const found = await host.cluster(target.kubeContext);
      if (!found.ok) return fail(found.message);
      const version = await found.cluster.version();
      const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
      // A build without a stamp, as developers make them.
      if (major === 0 && minor === 0) return skip(`it is reached and says ${version}`);
      const isNew = major > 1 || minor >= KUBERNETES_MINOR_MIN;
      return isNew ? pass(`Kubernetes ${version}`) : fail(`Kubernetes ${version}`);
    },
  },
  {
    id: 'cluster-namespace',
    title: 'The namespace is there, or may be made',
    severity: 'fail',
    runtimes: HELM,
    doc: 'Everything of the appliance lies in one namespace. Who may not make namespaces asks for one beforehand.',
    remedy:
      'Have an administrator make the namespace (kubectl create namespace), or correct helm.namespace.',
    check: withCluster(async (cluster, { namespace }) => {
      if ((await cluster.namespaceLabels(namespace)) !== null) return pass(`${namespace} is there`);
      const put = { verb: 'create', group: '', resource: 'configmaps', namespace };
      if (await cluster.may(put)) return pass(`we may make objects in ${namespace}`);
      const make = { verb: 'create', group: '', resource: 'namespaces', namespace: '' };
      return (await cluster.may(make))
        ? pass(`${namespace} may be made`)
        : fail(`there is no namespace ${namespace} that we may see, and we may not make it`);
    }),
  },
  {
    id: 'cluster-permissions',
    title: 'We may make what the chart consists of',
    severity: 'fail',
    runtimes: HELM,
    doc: 'Asked with a SelfSubjectAccessReview for each kind of object. Rights inside the namespace are enough; nothing of the cluster is needed.',
    remedy:
      'Have an administrator bind the role edit (or admin) of this namespace to you, with the right to make what is named.',
    check: withCluster(async (cluster, { namespace, needed }) => {
      const missing = new Map<string, readonly string[]>();
      for (const ask of needed) {
        if (await cluster.may({ ...ask, namespace })) continue;
        const verbs = missing.get(ask.resource) ?? [];
        missing.set(ask.resource, [...verbs, ask.verb]);
      }
      const count = `all ${needed.length} rights that the chart needs`;
      const words = [...missing].map(([resource, verbs]) => `${verbs.join(' or ')} ${resource}`);
      return judge(
        words.length === 0 ? [] : [`in ${namespace} we may not ${words.join(', ')}`],
        count,
      );
    }),
  },
  {
    id: 'cluster-storage',
    title: 'There is storage for SQLite',
    severity: 'fail',
    runtimes: HELM,
    doc: 'SQLite on Kubernetes lies on a volume of its own. Without a storage class the claim waits for ever.',
    remedy: 'Name a storage class that is there, mark one as the default, or use Postgres.',
    check: withCluster(async (cluster, { isSqlite, storageClass }) => {
      if (!isSqlite) return skip('the database is Postgres');
      const classes = await cluster.storageClasses();
      if (classes === null) return skip('we may not look at the storage classes');
      const names = classes.map(({ name }) => name).join(', ') || 'none';
      if (storageClass !== null) {
        return classes.some(({ name }) => name === storageClass)
          ? pass(storageClass)
          : fail(`there is no storage class ${storageClass}; there are: ${names}`);
      }
      const own = classes.find(({ isDefault }) => isDefault);
      return own === undefined
        ? fail(`no storage class is the default; there are: ${names}`)
        : pass(own.name);
    }),
  },
  {
    id: 'cluster-replicas',
    title: 'One replica where the database is SQLite',
    severity: 'fail',
    runtimes: HELM,
    doc: 'Two servers on one SQLite file, on two nodes, destroy it.',
    remedy: 'Set the replicas to 1, or use Postgres.',
    check: async (_host, { config, target: { replicas } }) => {
      const found = `${replicas} on ${config.database.kind}`;
      return config.database.kind === 'sqlite' && replicas > 1 ? fail(found) : pass(found);
    },
  },
  {
    id: 'cluster-pod-security',
    title: 'The namespace enforces restricted pods',
    severity: 'warn',
    runtimes: HELM,
    doc: 'The chart meets the level restricted of the Pod Security Standards. Enforced, it holds for everything else in the namespace too.',
    remedy: `kubectl label namespace NAME ${ENFORCE_LABEL}=restricted`,
    check: withCluster(async (cluster, { namespace }) => {
      const labels = await cluster.namespaceLabels(namespace);
      if (labels === null) return skip(`${namespace} is not there yet`);
      const level = labels[ENFORCE_LABEL] ?? 'nothing';
      const found = `${namespace} enforces ${level}`;
      return level === 'restricted' ? pass(found) : fail(found);
    }),
  },
];

interface Wanted {
  namespace: string;
  storageClass: string | null;
  isSqlite: boolean;
  needed: readonly Omit<AccessAsk, 'namespace'>[];
}

function withCluster(
  look: (cluster: PreflightCluster, wanted: Wanted) => Promise<Finding>,
): Check['check'] {
  return async (host, { config, target }: PreflightContext) => {
    const found = await host.cluster(target.kubeContext);
    if (!found.ok) return skip('the cluster is not reached, see cluster-version');
    const isSqlite = config.database.kind === 'sqlite';
    return look(found.cluster, {
      namespace: target.namespace ?? 'default',
      storageClass: target.storageClass,
      isSqlite,
      needed: neededRights(isSqlite),
    });
  };
}

function neededRights(isSqlite: boolean): readonly Omit<AccessAsk, 'namespace'>[] {
  const kinds: readonly (readonly [group: string, resource: string])[] = [
    ['', 'secrets'],
    ['', 'configmaps'],
    ['', 'services'],
    ['', 'serviceaccounts'],
    ['rbac.authorization.k8s.io', 'roles'],
    ['rbac.authorization.k8s.io', 'rolebindings'],
    ['apps', isSqlite ? 'statefulsets' : 'deployments'],
    ['batch', 'jobs'],
    ['policy', 'poddisruptionbudgets'],
    ['networking.k8s.io', 'networkpolicies'],
    ...(isSqlite ? ([['', 'persistentvolumeclaims']] as const) : []),
  ];
  return kinds.flatMap(([group, resource]) =>
    ['create', 'delete'].map((verb) => ({ verb, group, resource })),
  );
}
