// The words of the chart's README that stand before its table of values.

export const README_HEAD = `# Sallyport: the chart

Installs the appliance in a namespace: the server as one StatefulSet (SQLite, one pod) or a Deployment (Postgres, any
number), Services for the REST API and the gateway of the terminals. How to install, upgrade and roll back, OpenShift
and proxies: docs/kubernetes.md. Values for each supported shape: \`ci/\`.

\`\`\`sh
helm install sallyport ./helm/sallyport --namespace sallyport --create-namespace --values my-values.yaml --wait
\`\`\`

`;
