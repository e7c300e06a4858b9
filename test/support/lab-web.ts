import type { TestHost } from './lab.ts';

/** A service that answers on port 8080, run by a program of its own, so that this can be replaced on the disk. */
const UNIT = `[Unit]
Description=A web server of the lab

[Service]
ExecStart=/usr/local/bin/lab-perl /usr/local/bin/lab-web
`;

const SCRIPT = String.raw`use IO::Socket;
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die;
while (my $client = $server->accept) {
  while (<$client>) { last if /^\r?\n$/ }
  print $client "HTTP/1.0 200 OK\r\n\r\nwell\n";
  close $client;
}
`;

const INSTALL = `set -e
cat >/usr/local/bin/lab-web
cp /usr/bin/perl /usr/local/bin/lab-perl
systemctl daemon-reload
systemctl restart lab-web
until perl -MIO::Socket -e 'exit !IO::Socket::INET->new(PeerAddr => "127.0.0.1:8080")'; do sleep 0.05; done`;

/** Installs and starts it, and waits until it accepts. */
export async function installLabWeb(host: TestHost): Promise<void> {
  await host.must(['tee', '/etc/systemd/system/lab-web.service'], { input: UNIT });
  await host.must(['timeout', '60', 'sh', '-c', INSTALL], { input: SCRIPT });
}

/** As an upgrade does: the old program goes on, of a file that is no more. */
export async function replaceLabPerl(host: TestHost): Promise<void> {
  await host.must(['sh', '-c', 'cp /usr/bin/perl /usr/local/bin/new && mv /usr/local/bin/new /usr/local/bin/lab-perl']);
}
