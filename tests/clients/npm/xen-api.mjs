// SPDX-License-Identifier: LGPL-2.1-or-later
// xen-api, Xen Orchestra's client: over each of its transports it logs in, sees
// all objects and their changes, calls and tasks.
import assert from 'node:assert/strict'
import { createClient } from 'xen-api'
import { failure, HTTP, HTTPS, OPTIONS, run, until } from './test.mjs'

const NOBODY = 'OpaqueRef:00000000-0000-0000-0000-000000000000'

async function open(options) {
  const xapi = createClient({ ...OPTIONS, ...options })
  await xapi.connect()
  await xapi.objectsFetched
  return xapi
}

function named(xapi, type, name) {
  return Object.values(xapi.objects.all).find(o => o.$type === type && o.name_label === name)
}

// What XO's pages do with a VM: follow it in events while calls change it.
async function uses(options) {
  const xapi = await open(options)
  const web = named(xapi, 'VM', 'web')
  assert.equal(web.power_state, 'Halted')
  assert.equal(web.$VBDs[0].$VDI.$SR.name_label, 'disks')
  assert.equal(web.$VIFs[0].$network.name_label, 'lan')
  assert.equal(xapi.pool.$master.address, '127.0.0.1')
  assert.ok(+xapi.pool.$master.other_config.boot_time > 0)
  assert.deepEqual(new Set(Object.values(xapi.objects.all).map(o => o.$type)).size >= 12, true)

  const ref = await xapi.callAsync('VM.clone', web.$ref, 'other')
  const vm = await xapi.barrier(ref)
  const states = []
  xapi.objects.on('update', changed => {
    if (vm.$id in changed) {
      states.push(changed[vm.$id].power_state)
    }
  })
  await vm.set_name_description('hello')
  await vm.update_other_config({ a: '1', b: '2' })
  await vm.update_other_config('a', null)
  await vm.add_tags('x')
  await vm.add_tags('y')
  await vm.remove_tags('x')
  const now = await xapi.barrier(ref)
  assert.deepEqual([now.name_description, now.other_config.a, now.other_config.b, now.tags], ['hello', undefined, '2', ['y']])
  await vm.$callAsync('start', false, false)
  await until(xapi, () => xapi.getObject(ref).power_state === 'Running')
  assert.equal(xapi.getObject(ref).$consoles.length, 2)
  assert.deepEqual(await failure(vm.$callAsync('start', false, false)), ['VM_BAD_POWER_STATE', ref, 'halted', 'running'])
  const snapshot = await vm.$callAsync('snapshot', 'before')
  assert.equal((await xapi.barrier(snapshot)).$snapshot_of.$id, vm.$id)
  await vm.$callAsync('clean_shutdown')
  await until(xapi, () => xapi.getObject(ref).power_state === 'Halted')
  assert.ok(states.includes('Running') && states.at(-1) === 'Halted')
  assert.deepEqual(await failure(xapi.call('VM.get_record', NOBODY)), ['HANDLE_INVALID', 'VM', NOBODY])
  for (const gone of [snapshot, ref]) {
    const disks = xapi.getObject(gone).$VBDs.map(vbd => vbd.VDI)
    await xapi.call('VM.destroy', gone)
    await Promise.all(disks.map(disk => xapi.callAsync('VDI.destroy', disk)))
  }
  await until(xapi, () => xapi.getObject(ref, undefined) === undefined)

  // its tasks have gone, too
  await until(xapi, () => !Object.values(xapi.objects.all).some(o => o.$type === 'task'))
  await xapi.disconnect()
}

async function renews() {
  const xapi = await open({})
  const before = xapi.sessionId
  await (await open({})).call('pool.get_all')
  const other = createClient({ ...OPTIONS, auth: { sessionId: before }, watchEvents: false })
  await other.connect()
  await other.disconnect() // which logs out: a session both had
  assert.equal((await xapi.call('VM.get_all')).length > 0, true)
  assert.notEqual(xapi.sessionId, before)
  await xapi.barrier() // events go on
  await xapi.disconnect()
  assert.deepEqual((await failure(open({ auth: { user: 'root', password: 'guess' } }))).slice(0, 2), [
    'SESSION_AUTHENTICATION_FAILED',
    'root',
  ])
}

run({
  'JSON-RPC over HTTPS, which it prefers': () => uses({ transport: 'auto' }),
  'JSON-RPC over HTTP': () => uses({ transport: 'json-rpc', url: HTTP }),
  'XML-RPC over HTTPS': () => uses({ transport: 'xml-rpc', url: HTTPS }),
  'a session that has gone is begun again; another password is refused': renews,
})
