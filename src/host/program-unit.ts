type ProgramUnit = {
  readonly description: string;
  /** The command line, as systemd.service(5) splits it. */
  readonly start: string;
  /** The file without which there is nothing to start. */
  readonly file: string;
  /** Further lines of [Service]. */
  readonly service: readonly string[];
};

/** A unit that the machine starts when it has booted, systemd.service(5). */
export function programUnit({ description, start, file, service }: ProgramUnit): string {
  return `[Unit]
Description=${description}
Documentation=man:celeroot(1)
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0
ConditionPathExists=${file}

[Service]
ExecStart=${start}
${service.join('\n')}

[Install]
WantedBy=multi-user.target
`;
}
