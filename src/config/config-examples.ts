/** An example for each section of the reference; a test reads them all as one valid file. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  '': `version: 1
fleet: example
roots:
  - ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
signing_key: celeroot.key
`,
  broker: `broker:
  url: rediss://redis.example.org:6380/0
  user: celeroot
  password_file: redis.password
  ca_file: redis-ca.pem
`,
  'broker/sentinel': `broker:
  sentinel:
    master: celeroot
    nodes: [10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379]
`,
  'broker/cluster': `broker:
  cluster:
    nodes: [10.0.0.1:7000, 10.0.0.2:7000, 10.0.0.3:7000]
`,
  'roles/NAME': `roles:
  webserver:
    description: Public web tier
    concurrency: 2
    tasks: [system.*, apt.*]
    exclude: [linux-image-*]
    max_unavailable: 1
`,
  'hosts/NAME': `hosts:
  web1:
    address: web1.example.org
    roles: [webserver]
    labels: { zone: north }
`,
  'rollouts/NAME': `rollouts:
  careful:
    canary: 1
    batches: [10%, 25%]
    by: zone
    max_failures: 1
    soak: 5m
    check: { ports: [443], urls: [/health], wait: 10s }
    before:
      - { task: apt.update }
`,
  'calendars/NAME': `calendars:
  year-end:
    kind: freeze
    timezone: Europe/Amsterdam
    times:
      - { from: 2026-12-18, until: 2027-01-03 }
  nights:
    kind: maintenance
    timezone: Europe/Amsterdam
    times:
      - { cron: "0 22 * * *", for: 7h }
    roles: [webserver]
`,
  'schedules/NAME': `schedules:
  nightly-security:
    task: apt.upgrade
    args: { security_only: true }
    target: { roles: [webserver] }
    cron: "0 3 * * *"
    timezone: Europe/Amsterdam
    splay: 20m
    start_within: 2h
`,
};
