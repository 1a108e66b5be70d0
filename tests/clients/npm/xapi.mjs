// SPDX-License-Identifier: LGPL-2.1-or-later
// @xen-orchestra/xapi, what Xen Orchestra's server and backups do with a host:
// disks and VMs made, sent and fetched, snapshots, exports while the VM runs.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { Ref } from 'xen-api'
import { formatDateTime, parseDateTime, Xapi, XapiDiskSource } from '@xen-orchestra/xapi'
import { failure, OPTIONS, run, streamOf, until } from './test.mjs'

const MIB = 1 << 20
const place = mkdtempSync(join(tmpdir(), 'xo-'))
process.on('exit', () => rmSync(place, { recursive: true }))

const xapi = new Xapi(OPTIONS)
await xapi.connect()
await xapi.objectsFetched
const all = type => Object.values(xapi.objects.all).filter(o => o.$type === type)
const web = all('VM').find(vm => vm.name_label === 'web')
const sr = all('SR').find(sr => sr.name_label === 'disks')
const content = Buffer.concat([randomBytes(3 * MIB), Buffer.alloc(5 * MIB)])
const file = name => join(place, name)

async function bytesOf(stream) {
  const chunks = []
  for await (const chunk of stream) {
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

// Formats by qemu-img, so that XO's own code and ours are not all there is.
function convert(from, to, ...options) {
  const format = name => ({ vhd: 'vpc' })[name.split('.').pop()] ?? name.split('.').pop()
  execFileSync('qemu-img', ['convert', '-f', format(from), '-O', format(to), ...options, file(from), file(to)])
}

async function disks() {
  writeFileSync(file('disk.raw'), content)
  convert('disk.raw', 'disk.vhd', '-o', 'subformat=dynamic,force_size')
  convert('disk.raw', 'disk.qcow2')
  for (const format of ['raw', 'vhd', 'qcow2']) {
    const source = file('disk.' + format)
    const stream = streamOf(source, statSync(source).size)
    const ref = await xapi.SR_importVdi(sr.$ref, stream, {
      format,
      name_label: format,
      virtual_size: format === 'qcow2' ? content.length : undefined,
    })
    const vdi = await xapi.barrier(ref)
    assert.deepEqual([vdi.name_label, vdi.virtual_size, vdi.type], [format, content.length, 'user'])
    for (const out of ['raw', 'vhd', 'qcow2']) {
      writeFileSync(file('out.' + out), await bytesOf(await xapi.VDI_exportContent(ref, { format: out })))
      if (out !== 'raw') {
        convert('out.' + out, 'out.raw')
      }
      assert.ok(readFileSync(file('out.raw')).equals(content), `${format} in, ${out} out`)
    }
    // backups read it block by block
    const disk = new XapiDiskSource({ xapi, vdiRef: ref })
    await disk.init()
    assert.equal(disk.getVirtualSize(), content.length)
    let at = 0
    for await (const { index, data } of disk.diskBlocks()) {
      const begin = index * disk.getBlockSize()
      assert.ok(data.equals(content.subarray(begin, begin + data.length)))
      at += data.length
    }
    assert.ok(at >= 3 * MIB)
    await disk.close()
    await xapi.VDI_destroy(ref)
  }
}

async function makes() {
  const template = all('VM').find(vm => vm.name_label === 'Other install media')
  const ref = await xapi.VM_create({ ...template, is_a_template: false, name_label: 'made', other_config: {}, tags: ['xo'] })
  const vdi = await xapi.VDI_create({ name_label: 'data', name_description: '', virtual_size: 8 * MIB, SR: sr.$ref })
  await xapi.VBD_create({ VM: ref, VDI: vdi })
  await xapi.VBD_create({ VM: ref, type: 'CD', VDI: Ref.EMPTY })
  await xapi.VIF_create({ VM: ref, network: web.$VIFs[0].network })
  const vm = await xapi.barrier(ref)
  assert.deepEqual([vm.name_label, vm.tags, vm.$VBDs.length, vm.$VIFs[0].device], ['made', ['xo'], 2, '0'])
  assert.notEqual(vm.other_config.mac_seed, template.other_config.mac_seed)
  await xapi.callAsync('VM.start', ref, false, false)
  await xapi.waitObjectState(ref, vm => vm.power_state === 'Running', { timeout: 10e3 })
  // hot: another disk and card, and off again
  const more = await xapi.VDI_create({ name_label: 'more', name_description: '', virtual_size: 8 * MIB, SR: sr.$ref })
  await until(xapi, () => xapi.getObject(ref).$VBDs.every(vbd => vbd.currently_attached))
  const vbd = await xapi.VBD_create({ VM: ref, VDI: more, throwVbdPlug: true })
  assert.equal((await xapi.barrier(vbd)).currently_attached, true)
  await xapi.VBD_destroy(vbd)
  await xapi.VDI_destroy(more)
  const checkpoint = await xapi.VM_checkpoint(ref, { name_label: 'memory too' })
  assert.equal((await xapi.barrier(checkpoint)).power_state, 'Suspended')
  await xapi.VM_reboot(ref, { force: true })
  await vm.update_blocked_operations('destroy', 'keep it')
  await assert.rejects(xapi.VM_destroy(ref), /keep it/)
  await xapi.VM_destroy(ref, { force: true })
  await until(xapi, () => ![ref, vdi, checkpoint].some(gone => xapi.getObject(gone, undefined) !== undefined))
}

async function exports() {
  await xapi.callAsync('VM.start', web.$ref, false, false)
  await until(xapi, () => xapi.getObject(web.$ref).power_state === 'Running')
  for (const compress of [false, 'gzip', 'zstd']) {
    // of a VM that runs, XO exports a snapshot, which goes when that is done
    const { body, headers } = await xapi.VM_export(web.$ref, { compress })
    assert.match(headers['content-disposition'], /export\.xva/)
    writeFileSync(file('web.xva'), await bytesOf(body))
    await until(xapi, () => xapi.getObject(web.$ref).snapshots.length === 0)
    let made
    const stream = streamOf(file('web.xva'), statSync(file('web.xva')).size)
    const ref = await xapi.VM_import(stream, sr.$ref, vm => (made = vm.$ref))
    const vm = await xapi.barrier(ref)
    await until(xapi, () => made !== undefined)
    assert.deepEqual([made, vm.is_a_template, vm.$VBDs.length, vm.$VIFs.length], [ref, false, 1, 1])
    assert.match(vm.name_label, /web/)
    assert.notEqual(vm.uuid, web.uuid)
    await xapi.VM_destroy(ref)
  }
  await xapi.callAsync('VM.hard_shutdown', web.$ref)
  // of unknown length: XO says 1 PiB and hangs up at the end
  const [ref] = await xapi.putResource(streamOf(file('web.xva'), undefined), '/import/', { query: { sr_id: sr.$ref }, task: true })
  await xapi.barrier(ref)
  await xapi.VM_destroy(ref)
}

async function fails() {
  const garbage = Object.assign(streamOf('/etc/passwd', statSync('/etc/passwd').size))
  const [code] = await failure(xapi.VM_import(garbage, sr.$ref))
  assert.match(code, /^IMPORT_ERROR/)
  const gone = 'OpaqueRef:00000000-0000-0000-0000-000000000000'
  await assert.rejects(xapi.getResource('/export/', { query: { ref: gone } }), /404/)
  assert.equal(await xapi.host_getMdadmHealth(xapi.pool.master), null) // a plugin that is not there
  // nothing is left over
  await until(xapi, () => all('VM').filter(vm => !vm.is_a_template).length === 1 && all('VDI').length === 1)
}

async function hosts() {
  const host = xapi.pool.$master
  const now = parseDateTime(await xapi.call('host.get_servertime', host.$ref))
  assert.ok(Math.abs(now - Date.now() / 1e3) < 60)
  assert.equal(parseDateTime(formatDateTime(new Date(0))), null)
  assert.ok(parseDateTime(host.$metrics.last_updated) > 0)
  // the statistics of XO's pages
  const start = now - 600 + 5
  const query = { cf: 'AVERAGE', host: 'true', interval: 5, json: 'true', start }
  const ask = async () => (await xapi.getResource('/rrd_updates', { query, task: false })).body.json()
  assert.equal((await ask()).meta.step, '5')
  let stats
  await until(xapi, async () => (stats = await ask()).data.length > 0)
  const at = stats.meta.legend.indexOf(`AVERAGE:host:${host.uuid}:memory_total_kib`)
  assert.equal(+stats.data[0].values[at], host.$metrics.memory_total / 1024)
  await xapi.SR_enableMaintenanceMode(sr.$ref)
  assert.equal((await xapi.barrier(sr.$ref)).$PBDs[0].currently_attached, false)
  await xapi.SR_disableMaintenanceMode(sr.$ref)
  assert.equal((await xapi.barrier(sr.$ref)).$PBDs[0].currently_attached, true)
  await xapi.network_setMtu(web.$VIFs[0].network, 1300)
  assert.equal((await xapi.barrier(web.$VIFs[0].network)).MTU, 1300)
}

run({
  'disks go in and out as raw, VHD, qcow2, and block by block': disks,
  'a VM of its own making, with disks, CD drive and card, also while it runs; checkpoint; its end with all that is its': makes,
  'exports of a VM that runs, packed or not, and imports, of unknown length too': exports,
  'what fails says so, and leaves nothing': fails,
  'times, statistics, maintenance of a repository, the MTU of a network': hosts,
})
