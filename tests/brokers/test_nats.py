# SPDX-License-Identifier: BSD-3-Clause
"""NATS JetStream as a broker of mcring-sink: whatever the server does, each unit is stored and given back once."""

import functools
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import nats
from driver import Driver, Wire, ids, unit_id
from netlab import wait_for

ACCESS = 'authorization {{ user: feed, password: "{}" }}'
MB = 1 << 20


@pytest.fixture
def wire(server):
    one = Wire(server)
    yield one
    one.close()


def numbers(client, stream='MD'):
    return [int(one.rsplit('.', 1)[1]) for one in ids(client, stream)]


def test_a_unit_is_a_message_with_subject_id_and_header(lab, server, client):
    seen = Driver(lab, server.url, 'MD,create,storage=memory,window=10m,max_age=1h').settle(0, 3)
    assert (seen['stored'], seen['stored_before'], seen['refused']) == (3, 0, 0)
    assert seen['once_ns'] == 600_000_000_000
    config = client.stream('MD')['config']
    assert config['subjects'] == ['mcring.>'] and config['storage'] == 'memory'
    assert config['duplicate_window'] == 600_000_000_000 and config['max_age'] == 3_600_000_000_000
    subject, headers, body = list(client.messages('MD'))[2]
    assert subject == 'mcring.md.239-1-1-2.5000'
    assert headers['Nats-Msg-Id'] == unit_id(2)
    assert headers['Mcring'].startswith('v=1 channel=md pos=1234567890ab.0.2 n=1 ')
    assert len(body) == 86 and body.startswith(b'2\0x')


def test_what_is_sent_again_is_stored_once_and_told_as_stored_before(lab, server, client):
    driver = Driver(lab, server.url)
    driver.settle(0, 100)
    seen = driver.settle(50, 100)
    assert (seen['stored'], seen['stored_before'], seen['perhaps_twice']) == (150, 50, 0)
    assert numbers(client) == list(range(150))


def test_a_server_that_is_killed_and_comes_back_has_all_once(lab, server, client):
    driver = Driver(lab, server.url, seconds=120)
    driver.send(0, 120_000)
    for at in 20_000, 60_000:
        driver.until(lambda seen: seen['stored'] + seen['stored_before'] > at, f'{at} are stored')
        server.kill()
        driver.until(lambda seen: not seen['is_connected'] and seen['error'], 'the driver says that it is away')
        server.start()
    seen = driver.wait()
    assert seen['stored'] + seen['stored_before'] == 120_000 and seen['perhaps_twice'] == 0
    assert seen['disconnects'] >= 2 and seen['error'] == ''
    with nats.Client(server.url) as again:
        assert sorted(numbers(again)) == list(range(120_000))


def test_a_server_that_stands_still_stops_nobody_and_has_all_once(lab, server, client):
    driver = Driver(lab, server.url, seconds=120)
    driver.settle(0, 10_000, 4000)
    before = driver.peak()
    server.pause()
    driver.send(10_000, 25_000, 4000)
    driver.until(lambda seen: seen['disconnects'] and seen['error'], 'the driver says that nothing comes')
    held = driver.until(lambda seen: seen['out'] * 4000 >= 8 * MB, 'the driver has all units that it may have')
    assert held['out'] * 4000 < 8 * MB + 4000
    assert driver.peak() - before < 20 * MB, 'what is under way is bounded'
    assert driver.info()['stored'] == held['stored']
    server.go_on()
    seen = driver.wait()
    assert seen['stored'] + seen['stored_before'] == 35_000 and seen['perhaps_twice'] == 0
    assert sorted(numbers(client)) == list(range(35_000))


def test_close_does_not_wait_for_a_server_that_stands_still(lab, server):
    """It is tried 30 times in a row: each time the library waits for 2 s."""
    driver = Driver(lab, ','.join([server.url] * 30))
    driver.settle(0, 10)
    server.pause()
    driver.send(10, 100_000)
    driver.until(lambda seen: seen['out'] == 20_000, 'the driver has all units that it may have')
    driver.until(lambda seen: seen['disconnects'], 'the driver tries to connect again')
    assert driver.close() == 0
    server.go_on()


def test_a_stream_that_is_gone_is_told_and_goes_on_when_it_is_back(lab, server, client):
    client.make_stream('MD', 'mcring.>')
    driver = Driver(lab, server.url, 'MD')
    driver.settle(0, 1000)
    client.api('STREAM.DELETE.MD')
    driver.send(1000, 1000)
    driver.until(lambda seen: 'there is no stream MD' in seen['error'], 'the driver says what is missing')
    client.make_stream('MD', 'mcring.>')
    seen = driver.wait()
    assert seen['error'] == '' and seen['retried'] > 0
    assert sorted(numbers(client)) == list(range(1000, 2000))


def test_a_stream_that_the_sink_may_create_is_made_again_and_the_position_too(lab, server, client):
    driver = Driver(lab, server.url, 'MD,create,window=30s')
    driver.settle(0, 10)
    assert driver.checkpoint(at=1)['fatal'] == ''
    client.api('STREAM.DELETE.MD')
    client.api('STREAM.DELETE.KV_mcring-sink')
    driver.settle(10, 10)
    assert driver.checkpoint(at=2)['fatal'] == ''
    assert sorted(numbers(client)) == list(range(10, 20)) and client.position('sink') == {'at': 2}
    assert client.stream('MD')['config']['duplicate_window'] == 30_000_000_000


def test_a_position_is_written_although_no_unit_comes_and_its_bucket_was_gone(lab, server, client):
    driver = Driver(lab, server.url)
    driver.checkpoint(at=1)
    client.api('STREAM.DELETE.KV_mcring-sink')
    seen = driver.checkpoint(at=2)
    assert seen['checkpoints'] == 2 and seen['error'] == '' and client.position('sink') == {'at': 2}


def test_a_full_stream_is_told_and_goes_on_when_it_has_room(lab, server, client):
    client.make_stream('MD', 'mcring.>', max_msgs=1000, discard='new')
    driver = Driver(lab, server.url, 'MD')
    driver.send(0, 3000)
    seen = driver.until(lambda seen: 'maximum messages' in seen['error'] and seen['stored'] == 1000, 'it says so')
    got = numbers(client)
    while seen['stored'] < 3000:
        client.api('STREAM.PURGE.MD')
        now = min(seen['stored'] + 1000, 3000)
        seen = driver.until(lambda seen: seen['stored'] == now, f'{now} are stored')
        got += numbers(client)
    assert driver.wait()['error'] == ''
    assert sorted(got) == list(range(3000))


def test_what_is_too_large_is_refused_and_holds_nothing_up(lab, server, client):
    server.reload('max_payload: 100000')
    client.make_stream('MD', 'mcring.>', max_msg_size=50_000)
    driver = Driver(lab, server.url, 'MD')
    seen = driver.settle(0, 3, 200_000)
    assert seen['refused'] == 3 and 'max_payload' in seen['why']
    seen = driver.settle(3, 3, 60_000)
    assert seen['refused'] == 6 and 'max_msg_size' in seen['why']
    assert driver.checkpoint(at=6)['fatal'] == ''
    assert driver.settle(6, 3, 40_000)['stored'] == 3


@pytest.mark.parametrize('stream, prefix, code, text', [
    ('NONE', 'mcring', 2, 'there is no stream NONE: make it, or say --stream NONE,create'),
    ('MD,replicas=3', 'mcring', 22, 'stream MD is there with replicas 1, not 3'),
    ('MD,window=5s', 'mcring', 22, 'stream MD is there with a duplicate window of'),
    ('MD,storage=file', 'mcring', 22, 'other storage'),
    ('MD,storage=tape', 'mcring', 22, "'storage=tape': replicas are 1 to 5"),
    ('MD,window=5', 'mcring', 22, 'a time is a number and ms, s, m, h or d'),
    ('MD,fast', 'mcring', 22, "'fast': expected create or KEY=VALUE"),
    ('M D', 'mcring', 22, 'it begins with the name of a JetStream stream'),
    ('OTHER', 'mcring', 22, 'stream OTHER does not take the subjects mcring.>'),
    ('OTHER', 'other', 22, 'stream OTHER does not take the subjects other.>'),
    ('OTHER', 'deep.er', 22, 'stream OTHER does not take the subjects deep.er.>'),
])
def test_a_stream_that_does_not_fit_is_refused_at_the_start(lab, server, client, stream, prefix, code, text):
    client.make_stream('MD', 'mcring.>')
    client.make_stream('OTHER', 'other.*', 'dee.>', 'deep.er.a.>', 'good.*.>')
    failed = Driver(lab, server.url, stream, prefix=prefix).opened['failed']
    assert failed[0] == code and text in failed[1]
    assert Driver(lab, server.url, 'OTHER', prefix='good.er').opened['loaded'] is None


def test_a_server_that_is_not_there_or_has_no_jetstream_is_told(lab, server):
    failed = Driver(lab, f'nats://feed:secret@127.0.0.1:{nats.free_port()}', give_up_ms=500).opened['failed']
    assert failed[0] == 110 and 'nats://127.0.0.1:' in failed[1] and 'secret' not in failed[1]
    server.kill()
    with open(server.config, 'w') as file:
        file.write(f'port: {server.port}\nhost: 127.0.0.1\n')
    server.start()
    failed = Driver(lab, server.url).opened['failed']
    assert failed[0] in (71, 93) and 'JetStream' in failed[1]


def test_a_refused_user_is_told_at_the_start_and_waited_for_later(lab, server):
    server.reload(ACCESS.format('right'))
    url = f'nats://feed:right@127.0.0.1:{server.port}'
    failed = Driver(lab, url.replace('right', 'wrong')).opened['failed']
    assert failed[0] == 13 and 'wrong' not in failed[1]
    driver = Driver(lab, url)
    assert driver.settle(0, 10)['server'] == server.url
    server.reload(ACCESS.format('changed'))
    driver.send(10, 10)
    seen = driver.until(lambda seen: 'uthoriz' in seen['error'], 'the driver says that it is refused')
    assert not seen['is_connected'] and seen['fatal'] == '' and 'right' not in seen['error']
    server.reload(ACCESS.format('right'))
    assert driver.wait()['error'] == ''
    with nats.Client(url) as client:
        assert numbers(client) == list(range(20))


def test_what_a_user_may_not_publish_is_told(lab, server):
    server.reload('''authorization { users: [ { user: all, password: all },
        { user: feed, password: feed, permissions: { publish: ["$JS.API.>", "$KV.>", "_INBOX.>"] } } ] }''')
    driver = Driver(lab, f'nats://feed:feed@127.0.0.1:{server.port}')
    driver.send(0, 10)
    driver.until(lambda seen: 'ermissions' in seen['error'], 'the driver says so')
    assert driver.close() == 0


@pytest.fixture
def certificates(lab):
    """A server's key and certificate for 127.0.0.1, which is its own CA; and one that nobody trusts."""
    for name in 'server', 'stranger':
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
                        '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1',
                        '-keyout', lab.path(f'{name}.key'), '-out', lab.path(f'{name}.crt')],
                       check=True, capture_output=True, timeout=60)
    return lab.path('server.key'), lab.path('server.crt'), lab.path('stranger.crt')


def test_with_tls_it_trusts_its_ca_alone_and_waits_for_nobody(lab, certificates):
    key, certificate, stranger = certificates
    server = nats.Server(lab, more=f'tls {{ cert_file: "{certificate}", key_file: "{key}" }}')
    failed = Driver(lab, server.url, tls_ca=stranger, give_up_ms=500).opened['failed']
    assert failed[0] != 0 and 'certificate' in failed[1]
    driver = Driver(lab, server.url.replace('nats:', 'tls:'), tls_ca=certificate, seconds=120)
    driver.settle(0, 1000)
    server.pause()
    driver.send(1000, 30_000, 400)
    driver.until(lambda seen: seen['disconnects'], 'the driver gives the connection up')
    server.go_on()
    seen = driver.wait()
    assert seen['stored'] + seen['stored_before'] == 31_000
    with nats.Client(server.url, ca=certificate) as client:
        assert sorted(numbers(client)) == list(range(31_000))


def test_the_position_is_found_again_by_its_name_alone(lab, server, client):
    driver = Driver(lab, server.url, name='one')
    assert driver.opened['loaded'] is None
    driver.settle(0, 10)
    for at in 1, 2, 3:
        assert driver.checkpoint(at=at)['error'] == ''
    assert driver.close() == 0
    assert Driver(lab, server.url, name='one').opened['loaded'] == '{"at": 3}'
    assert Driver(lab, server.url, name='other').opened['loaded'] is None
    assert client.position('one') == {'at': 3}


def test_a_checkpoint_waits_for_the_units_before_it(lab, server, client):
    client.make_stream('MD', 'mcring.>', max_msgs=10, discard='new')
    driver = Driver(lab, server.url, 'MD')
    driver.settle(0, 5)
    driver.send(5, 10)
    assert driver.ask('checkpoint {"at": 15}')['taken']
    seen = driver.until(lambda seen: seen['stored'] == 10, 'the stream is full')
    assert not driver.ask('checkpoint {"at": 16}')['taken']
    driver.until(lambda seen: seen['retried'] > 3, 'it tries again')
    assert client.position('sink') is None and seen['checkpoints'] == 0
    client.api('STREAM.PURGE.MD')
    driver.wait()
    assert driver.ask('stored 1')['checkpoints'] == 1
    assert client.position('sink') == {'at': 15}


def test_a_checkpoint_waits_for_answers_that_were_lost(lab, server, client, wire):
    driver = Driver(lab, wire.url)
    wire.is_deaf = True
    driver.send(0, 100)
    wait_for(lambda: client.count('MD') == 100, 20, 'the server has all')
    assert driver.ask('checkpoint {"at": 100}')['taken']
    driver.until(lambda seen: seen['disconnects'], 'the driver gives the connection up')
    assert client.position('sink') is None
    wire.cut()
    driver.wait()
    assert driver.ask('stored 1')['checkpoints'] == 1 and client.position('sink') == {'at': 100}


def test_an_older_process_of_the_name_ends(lab, server, client):
    older = Driver(lab, server.url)
    older.checkpoint(at=1)
    newer = Driver(lab, server.url)
    assert newer.opened['loaded'] == '{"at": 1}'
    seen = older.checkpoint(at=2)
    assert 'another mcring-sink --name sink has taken over' in seen['fatal'] and seen['is_taken_over'] and seen['checkpoints'] == 1
    assert newer.checkpoint(at=3)['fatal'] == '' and client.position('sink') == {'at': 3}


def test_a_checkpoint_whose_answer_was_lost_is_its_own(lab, server, client, wire):
    driver = Driver(lab, wire.url)
    driver.checkpoint(at=1)
    wire.is_deaf = True
    assert driver.ask('checkpoint {"at": 2}')['taken']
    wait_for(lambda: client.position('sink') == {'at': 2}, 20, 'the server has it')
    wire.cut()
    seen = driver.ask('stored 2')
    assert seen['fatal'] == '' and seen['checkpoints'] == 2
    assert driver.checkpoint(at=3)['fatal'] == '' and client.position('sink') == {'at': 3}


@pytest.mark.parametrize('window, is_enough', [('1s', False), ('2m', True)])
def test_an_outage_longer_than_the_window_is_told(lab, server, client, wire, window, is_enough):
    driver = Driver(lab, wire.url, f'MD,create,window={window}')
    driver.settle(0, 100)
    wire.is_deaf = True
    driver.send(100, 100)
    wait_for(lambda: client.count('MD') == 200, 20, 'the server has all')
    time.sleep(2)  # longer than the shorter window
    wire.cut()
    seen = driver.wait()
    held = numbers(client)
    assert set(held) == set(range(200))
    assert len(held) - 200 == seen['perhaps_twice'] == (0 if is_enough else 100)
    assert seen['stored_before'] == (100 if is_enough else 0)


def test_a_server_that_answers_late_is_not_sent_more_and_more(lab, server, client, wire):
    """Answers are lost for a while on a connection that lives."""
    driver = Driver(lab, wire.url, seconds=120)
    driver.settle(0, 100)
    wire.is_deaf = True
    driver.send(100, 100)
    wait_for(lambda: client.count('MD') == 200, 20, 'the server has all')
    wire.is_deaf = False
    seen = driver.wait()
    assert seen['stored_before'] == 100 and client.count('MD') == 200
    assert seen['retried'] <= 300 and seen['perhaps_twice'] == 0


def test_check_makes_nothing_and_shuts_nobody_out(lab, server, client):
    failed = Driver(lab, server.url, 'MD', check='yes').opened['failed']
    assert failed[0] == 2
    driver = Driver(lab, server.url, 'MD,create,window=9s', check='yes')
    assert driver.opened['loaded'] is None and driver.opened['once_ns'] == 9_000_000_000
    with pytest.raises(nats.Refused):
        client.stream('MD')
    older = Driver(lab, server.url)
    older.checkpoint(at=1)
    assert Driver(lab, server.url, check='yes').opened['loaded'] == '{"at": 1}'
    assert older.checkpoint(at=2)['fatal'] == ''


@pytest.fixture
def members(lab):
    """Three servers that know each other; each starts when it is called."""
    ports = [nats.free_port() for _ in range(3)]
    routes = ', '.join(f'"nats://127.0.0.1:{port}"' for port in ports)
    return [functools.partial(nats.Server, lab, name=f'nats{i}', wait=False, more=f'''
        cluster {{ name: c, listen: "127.0.0.1:{port}", routes: [{routes}] }}''') for i, port in enumerate(ports)]


def started(members):
    servers = [start() for start in members]
    for one in servers:
        wait_for(one.is_ready, 60, 'nats-server is ready')
    wait_for(lambda: any('metadata leader' in one.log() for one in servers), 60, 'JetStream has a leader')
    return servers


@pytest.fixture
def cluster(members):
    return started(members)


def leader_of(servers, stream='MD'):
    """The server that leads a stream, as one that lives says; None: there is no leader, or nobody knows it."""
    for one in servers:
        if one.process.poll() is None:
            try:
                with nats.Client(one.url, timeout=5) as client:
                    name = client.stream(stream)['cluster'].get('leader')
                    return next((each for each in servers if each.name == name and each.process.poll() is None), None)
            except (nats.Refused, OSError):
                pass
    return None


def test_a_leader_that_is_killed_is_followed_by_another_and_all_is_stored_once(lab, cluster):
    driver = Driver(lab, ','.join(one.url for one in cluster), 'MD,create,replicas=3', seconds=120)
    driver.send(0, 40_000)
    for at in 5000, 20_000:
        driver.until(lambda seen: seen['stored'] + seen['stored_before'] > at, f'{at} are stored', 120)
        leader = wait_for(lambda: leader_of(cluster), 60, 'the stream has a leader')
        leader.kill()
        wait_for(lambda: leader_of(cluster) not in (None, leader), 60, 'another one leads')
        leader.start()
    seen = driver.wait()
    assert seen['stored'] + seen['stored_before'] == 40_000 and seen['perhaps_twice'] == 0
    assert driver.checkpoint(at=9)['fatal'] == ''
    with nats.Client(cluster[0].url) as client:
        assert sorted(set(numbers(client))) == list(range(40_000))
        assert client.position('sink') == {'at': 9}
        assert client.stream('KV_mcring-sink')['config']['num_replicas'] == 3


def test_a_cluster_that_is_not_complete_yet_is_waited_for(lab, members):
    url = ','.join(one.url for one in started(members[:2]))
    failed = Driver(lab, url, 'MD,create,replicas=3', give_up_ms=500).opened['failed']
    assert failed[0] == 110 and 'no suitable peers' in failed[1]
    with ThreadPoolExecutor() as pool:  # its driver ends with its thread
        waits = pool.submit(lambda: Driver(lab, url, 'MD,create,replicas=3', give_up_ms=60_000).opened)
        time.sleep(1)
        members[2]()
        assert waits.result()['loaded'] is None


def test_the_other_servers_of_a_cluster_are_found_by_one(lab, cluster):
    driver = Driver(lab, cluster[0].url, 'MD,create,replicas=3', seconds=120)
    driver.settle(0, 100)
    cluster[0].kill()
    driver.send(100, 100)
    seen = driver.wait()
    assert seen['server'] in (cluster[1].url, cluster[2].url) and seen['connects'] == 2


def test_a_server_that_ends_politely_is_left_and_found_again(lab, server, client):
    driver = Driver(lab, server.url)
    driver.settle(0, 100)
    server.kill(signal.SIGTERM)
    driver.send(100, 100)
    driver.until(lambda seen: not seen['is_connected'], 'the driver says that it is away')
    server.start()
    driver.wait()
    with nats.Client(server.url) as again:
        assert numbers(again) == list(range(200))
