type ProgramUnit = {
  /** Which of its programs: `worker`. */
  readonly name: string;
  readonly celeroot: string;
  /** What it is given, and without which there is nothing to start. */
  readonly file: string;
  readonly options?: string;
  /** Further lines of [Service]. */
  readonly service: readonly string[];
};

/** The unit of a program that is to run as long as the machine does, systemd.service(5). */
export function programUnit({ name, celeroot, file, options = '', service }: ProgramUnit): string {
  return `[Unit]
Description=celeroot ${name}
Documentation=man:celeroot(1)
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0
ConditionPathExists=${file}

[Service]
ExecStart=${celeroot} ${name} ${file}${options}
${service.join('\n')}

[Install]
WantedBy=multi-user.target
`;
}
