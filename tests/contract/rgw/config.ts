/** The configuration of a throwaway Ceph cluster.
 * @module
 */

/** Where its pieces are. */
export interface ConfigOptions {
  readonly folder: string;
  readonly root: string;
  readonly library: string;
  readonly fsid: string;
  readonly monitorPort: number;
  readonly gatewayPort: number;
}

/** One of everything, in memory, and in a hurry: without the two paxos settings it takes ten times as long to start. */
export function configText(options: ConfigOptions): string {
  const { folder, root, library, fsid, monitorPort, gatewayPort } = options;
  return `[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${monitorPort}/0]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd numa auto affinity = false
ms bind msgr1 = false
ms bind ipv4 = true
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
run dir = ${folder}
admin socket = ${folder}/$name.asok
pid file = ${folder}/$name.pid
log file = ${folder}/$name.log
log to stderr = false
mon cluster log file = ${folder}/cluster.log
keyring = ${folder}/keyring
crash dir = ${folder}/crash
plugin dir = ${library}/ceph
erasure code dir = ${library}/ceph/erasure-code
osd erasure code plugins = jerasure
osd class dir = ${root}/usr/lib/${library.split("/").at(-1)}/rados-classes
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
mon data avail crit = 1
mon osd prime pg temp = false
paxos propose interval = 0.02
paxos min wait = 0.01
ms type = async+posix
rgw rados pool pg num min = 1
[mon.a]
host = localhost
mon data = ${folder}/mon
[osd.0]
host = localhost
osd data = ${folder}/osd
osd journal = ${folder}/osd/journal
osd objectstore = memstore
memstore device bytes = 1073741824
osd op num shards = 1
osd op num threads per shard = 2
[client.rgw.a]
host = localhost
rgw data = ${folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:${gatewayPort} tcp_nodelay=1
rgw thread pool size = 32
rgw enable usage log = false
rgw enable ops log = false
rgw enable gc threads = false
rgw enable lc threads = false
rgw dynamic resharding = false
rgw run sync thread = false
`;
}
