# SPDX-License-Identifier: BSD-3-Clause
"""mcring-sink's broker Kafka, on librdkafka's mock: it answers to transactions, but shows what was aborted or never
committed. So what was written twice is there twice here, where a real broker's readers of committed messages see it
once; the tests say how often that may be."""

import collections
import errno
import itertools

import pytest

from kafka import Driver, Mock
from netlab import wait_for

TOO_LARGE = 'Broker: Message size too large'


@pytest.fixture
def mock(lab):
    return Mock(lab)


def number(record):
    return int(record.body.split(b'\0')[0])


def written(mock):
    """How often each number is there, after a look at what each record says of itself."""
    found, last = collections.Counter(), {}
    for record in mock.read('mcring.'):
        n = number(record)
        assert record.id == f'1234567890ab.0.{n}' and f' pos={record.id} ' in record.header, record
        assert record.topic == record.key == f'mcring.md.239-1-1-{n % 16}.5000'
        found[n] += 1
        if found[n] == 1:  # what came before stands before
            assert last.get(record.topic, -1) < n, record
            last[record.topic] = n
    return found


def once(first, count):
    return collections.Counter(range(first, first + count))


def test_units_and_the_position_behind_them_are_stored(lab, mock):
    driver = Driver(lab, mock.url)
    assert driver.position is None
    answer = driver.hand_over(0, 20000, 'a')
    assert (answer['stored'], answer['checkpoints'], answer['aborted'], answer['once_ns']) == (20000, 1, 0, 0)
    assert answer['is_connected'] and answer['server'] == mock.servers and answer['error'] == answer['fatal'] == ''
    driver.hand_over(20000, 1, 'b')
    assert driver.hand_over(20001, 0, 'c')['checkpoints'] == 3  # a position of no unit is one, too
    assert written(mock) == once(0, 20001)
    assert mock.positions('one') == ['a', 'b', 'c']
    driver.close()
    assert Driver(lab, mock.url).position == 'c'


def test_nothing_is_given_back_before_its_position_is_stored(lab, mock):
    driver = Driver(lab, mock.url)
    driver.produce(0, 1000)
    wait_for(lambda: len(mock.read('mcring.')) == 1000, 20, 'all is produced')
    assert driver.info()['in_flight'] == 1000
    driver.position_to('a')
    assert driver.ask('wait')['stored'] == 1000


def test_a_second_checkpoint_waits_for_the_first_and_units_meanwhile_for_the_next(lab, mock):
    driver = Driver(lab, mock.url)
    driver.hand_over(0, 100, 'a')
    mock.pause()  # send, checkpoint and poll answer all the same
    driver.produce(100, 100)
    driver.position_to('b')
    assert not driver.ask('checkpoint c')['taken']
    driver.produce(200, 100)
    assert driver.info()['in_flight'] == 200
    mock.go_on()
    wait_for(lambda: driver.info()['stored'] == 200, 30, 'the second is stored')
    assert driver.info()['in_flight'] == 100  # not covered by b
    driver.position_to('c')
    assert driver.ask('wait')['stored'] == 300
    assert written(mock) == once(0, 300)


def test_a_position_covers_what_was_sent_before_it_and_no_more_when_all_of_it_waited(lab, mock):
    driver = Driver(lab, mock.url)
    mock.tell('error produce TOPIC_AUTHORIZATION_FAILED 1')
    mock.tell('error end_transaction NO_ERROR 1 1000')  # so long it aborts, and what comes waits
    driver.produce(0, 10)
    wait_for(lambda: driver.info()['error'], 30, 'it has failed')
    driver.produce(10, 10)
    driver.position_to('a')
    driver.produce(20, 10)
    assert driver.ask('stored 1')['checkpoints'] == 1
    wait_for(lambda: driver.info()['stored'] == 20, 30, 'what stands before the position is given back')
    assert driver.info()['in_flight'] == 10
    driver.position_to('b')
    assert driver.ask('wait')['stored'] == 30


def test_a_position_is_found_far_back_and_not_taken_from_others(lab, mock):
    one = Driver(lab, mock.url)
    one.hand_over(0, 1, 'mine')
    one.close()
    two = Driver(lab, mock.url, 'two')
    assert two.position is None
    for i in range(1200):  # more than the first look takes
        two.position_to(f'p{i}')
        two.ask(f'stored {i + 1}')
    two.close()
    assert Driver(lab, mock.url).position == 'mine'
    assert Driver(lab, mock.url, 'two').position == 'p1199'
    assert Driver(lab, mock.url, 'tw').position is None


# What librdkafka sends again by itself, without a second copy.
@pytest.mark.parametrize('api, error', [
    ('produce', 'NOT_LEADER_FOR_PARTITION'), ('produce', 'NOT_ENOUGH_REPLICAS'), ('produce', '_TRANSPORT'),
    ('add_partitions', 'COORDINATOR_LOAD_IN_PROGRESS'), ('add_partitions', '_TRANSPORT'),
    ('end_transaction', 'COORDINATOR_NOT_AVAILABLE'), ('end_transaction', 'CONCURRENT_TRANSACTIONS'),
    ('end_transaction', '_TRANSPORT')])
def test_a_short_trouble_of_a_broker_changes_nothing(lab, mock, api, error):
    driver = Driver(lab, mock.url)
    mock.tell(f'error {api} {error} 2')
    answer = driver.hand_over(0, 1000, 'a')
    assert (answer['stored'], answer['aborted'], answer['checkpoints']) == (1000, 0, 1)
    assert written(mock) == once(0, 1000) and mock.positions('one') == ['a']


@pytest.mark.parametrize('api, error', [
    ('produce', 'TOPIC_AUTHORIZATION_FAILED'), ('produce', 'UNKNOWN_PRODUCER_ID'),
    ('add_partitions', 'UNKNOWN_PRODUCER_ID'),
    ('end_transaction', 'UNKNOWN_PRODUCER_ID'), ('end_transaction', 'INVALID_PRODUCER_ID_MAPPING')])
def test_a_transaction_that_fails_is_aborted_and_all_of_it_sent_again_in_order(lab, mock, api, error):
    driver = Driver(lab, mock.url)
    driver.hand_over(0, 500, 'a')
    mock.tell(f'error {api} {error} 1')
    answer = driver.hand_over(500, 1000, 'b')
    assert answer['stored'] == 1500 and answer['aborted'] >= 1 and answer['retried'] >= 1 and answer['error'] == ''
    found = written(mock)
    assert set(found) == set(range(1500))
    assert all(found[n] == 1 for n in range(500)), 'what was committed is not sent again'
    copies = list(dict.fromkeys(mock.positions('one')))
    assert copies == ['a', 'b']
    # The last copies, in the order of offsets, are the transaction that was committed.
    for _, records in itertools.groupby(mock.read('mcring.'), lambda one: (one.topic, one.partition)):
        numbers = [number(one) for one in records if number(one) >= 500]
        n = len(set(numbers))
        assert numbers[-n:] == sorted(set(numbers))


@pytest.mark.parametrize('error', ['_TRANSPORT', 'UNKNOWN_PRODUCER_ID', 'COORDINATOR_NOT_AVAILABLE'])
def test_a_trouble_while_it_aborts_is_overcome(lab, mock, error):
    driver = Driver(lab, mock.url)
    mock.tell('error produce TOPIC_AUTHORIZATION_FAILED 1')
    mock.tell(f'error end_transaction {error} 2')
    assert driver.hand_over(0, 1000, 'a')['stored'] == 1000
    assert set(written(mock)) == set(range(1000))


def test_what_librdkafka_does_not_take_is_refused_alone(lab, mock):
    driver = Driver(lab, mock.url)
    driver.produce(0, 10)
    driver.produce(10, 1, 1100000)
    answer = driver.hand_over(11, 10, 'a')
    assert (answer['stored'], answer['refused'], answer['aborted']) == (20, 1, 0)
    assert answer['why'] == f'topic mcring.md.239-1-1-10.5000: {TOO_LARGE} (1100000 octets)'
    assert set(written(mock)) == set(range(21)) - {10}


def test_of_a_batch_that_the_broker_refuses_only_what_is_refused_alone_is_lost(lab, mock):
    driver = Driver(lab, mock.url)
    mock.tell('error produce MSG_SIZE_TOO_LARGE 1')
    answer = driver.hand_over(0, 1000, 'a')
    assert (answer['stored'], answer['refused']) == (1000, 0) and answer['aborted'] >= 1
    assert set(written(mock)) == set(range(1000))

    mock.tell('error produce MSG_SIZE_TOO_LARGE 2')  # in its batch, then alone
    answer = driver.hand_over(1000, 1, 'b', 5000)
    assert (answer['stored'], answer['refused'], answer['twice']) == (1000, 1, 0)
    assert answer['why'] == f'topic mcring.md.239-1-1-8.5000: {TOO_LARGE} (5000 octets)'
    # Then that topic is not asked again with as much: others are, and it with less.
    aborted = driver.hand_over(1001, 0, 'c')['aborted']
    answer = driver.hand_over(1016, 1, 'd', 5000)
    assert (answer['refused'], answer['aborted']) == (2, aborted)
    answer = driver.hand_over(1017, 1, 'e', 5000)
    assert (answer['stored'], answer['refused']) == (1001, 2)
    answer = driver.hand_over(1032, 1, 'f', 4999)
    assert (answer['stored'], answer['refused']) == (1002, 2)
    assert set(written(mock)) == set(range(1000)) | {1017, 1032}


def test_a_topic_that_brokers_do_not_take_is_refused(lab, mock):
    driver = Driver(lab, mock.url)
    mock.tell('error produce TOPIC_EXCEPTION 1')
    driver.produce(0, 1)
    answer = driver.hand_over(16, 1, 'a')
    assert (answer['stored'], answer['refused']) == (0, 2) and 'Broker: Invalid topic' in answer['why']
    answer = driver.hand_over(1, 1, 'b')
    assert (answer['stored'], answer['refused'], answer['checkpoints']) == (1, 2, 2)


def test_a_topic_that_is_not_there_is_said_and_waited_for(lab, mock):
    mock.tell('topic mcring.md.239-1-1-1.5000 4')
    mock.tell('topic_error mcring.md.239-1-1-1.5000 UNKNOWN_TOPIC_OR_PART')
    driver = Driver(lab, mock.url, set='topic.metadata.propagation.max.ms=500')
    driver.produce(0, 2)
    driver.position_to('a')
    said = wait_for(lambda: driver.info()['error'], 30, 'it is said')
    assert said.startswith('topic mcring.md.239-1-1-1.5000: ') and 'create' in said
    assert driver.info()['in_flight'] == 2
    mock.tell('topic_error mcring.md.239-1-1-1.5000 NO_ERROR')
    answer = driver.ask('wait')
    assert (answer['stored'], answer['error']) == (2, '')


def test_brokers_that_are_gone_are_waited_for(lab, mock):
    driver = Driver(lab, mock.url)
    driver.hand_over(0, 100, 'a')
    mock.tell('down 0')
    driver.produce(100, 1000)
    driver.position_to('b')
    wait_for(lambda: not driver.info()['is_connected'], 30, 'it has noticed')
    answer = driver.info()
    assert (answer['in_flight'], answer['disconnects'], answer['fatal']) == (1000, 1, '') and answer['error']
    mock.tell('up 0')
    answer = driver.ask('wait')
    assert (answer['stored'], answer['is_connected'], answer['connects'], answer['error']) == (1100, 1, 2, '')
    assert written(mock) == once(0, 1100)


def test_that_they_are_back_is_seen_without_a_unit(lab, mock):
    driver = Driver(lab, mock.url)
    mock.tell('down 0')
    wait_for(lambda: not driver.info()['is_connected'], 30, 'it has noticed')
    mock.tell('up 0')
    wait_for(lambda: driver.info()['is_connected'], 30, 'it has noticed')
    assert driver.info()['error'] == ''


def test_leaders_and_coordinators_may_move_and_a_broker_may_go(lab, mock):
    driver = Driver(lab, mock.url)
    for turn in range(3):
        driver.produce(turn * 500, 500)
        mock.tell(f'coordinator mcring-sink-one {turn % 3 + 1}')
        for topic in [f'mcring.md.239-1-1-{i}.5000' for i in range(16)] + ['mcring-sink']:
            mock.tell(f'leader {topic} 0 {turn % 3 + 1}')
        driver.position_to(turn)
        driver.ask('wait')
    assert driver.info()['stored'] == 1500
    assert written(mock) == once(0, 1500)


@pytest.mark.parametrize('api, error', [('end_transaction', 'PRODUCER_FENCED'),
                                        ('end_transaction', 'INVALID_PRODUCER_EPOCH'),
                                        ('produce', 'INVALID_PRODUCER_EPOCH')])
def test_a_sink_whose_name_another_has_taken_ends(lab, mock, api, error):
    driver = Driver(lab, mock.url)
    mock.tell(f'error {api} {error} 1')
    answer = driver.hand_over(0, 10, 'a')
    assert answer['fatal'] == ('another mcring-sink with --name one has taken over at this broker; sinks that run at '
                               'the same time need names of their own')
    assert (answer['stored'], answer['in_flight'], answer['checkpoints'], answer['is_taken_over']) == (0, 10, 0, 1)
    driver.close()


SHORT = 'transaction.timeout.ms=1000'  # as short as librdkafka has it


def test_a_commit_in_an_outage_that_was_too_long_is_found_to_be_stored(lab, mock):
    driver = Driver(lab, mock.url, set=SHORT)
    driver.hand_over(0, 10, 'a')
    driver.produce(10, 10)
    # The mock's position is there before it is committed: as if the answer alone had been lost.
    mock.tell('error add_partitions NO_ERROR 1 600')
    mock.tell('error end_transaction INVALID_PRODUCER_EPOCH 1 600')
    driver.position_to('b')
    answer = driver.ask('wait')
    assert (answer['stored'], answer['checkpoints'], answer['fatal'], answer['twice']) == (20, 2, '', 0)
    driver.hand_over(20, 10, 'c')
    assert written(mock) == once(0, 30) and mock.positions('one') == ['a', 'b', 'c']


def ended_in_an_outage(mock, driver):
    """What becomes of ten units whose transaction the brokers end meanwhile."""
    mock.tell('error add_partitions NO_ERROR 1 600')
    mock.tell('error produce INVALID_PRODUCER_EPOCH 1 600')
    driver.produce(10, 10)
    driver.position_to('b')
    return driver.ask('wait')


def test_a_transaction_that_brokers_ended_in_an_outage_is_sent_again(lab, mock):
    for _ in range(10):
        driver = Driver(lab, mock.url, set=SHORT)
        driver.hand_over(0, 10, 'a')
        answer = ended_in_an_outage(mock, driver)
        assert (answer['stored'], answer['checkpoints'], answer['fatal'], answer['twice']) == (20, 2, '', 0)
        last = driver.hand_over(20, 10, 'c')
        driver.close()
        if not last['fatal']:  # else the library had ended it before the answer, which the mock has given now
            break
    assert last['stored'] == 30
    assert set(written(mock)) == set(range(30)) and mock.positions('one')[-3:] == ['a', 'b', 'c']


def test_who_finds_another_one_s_position_after_an_outage_ends(lab, mock):
    for _ in range(10):
        driver = Driver(lab, mock.url, set=SHORT)
        driver.hand_over(0, 10, 'a')
        other = Driver(lab, mock.url)
        assert other.position == 'a'
        other.hand_over(20, 10, 'of another')
        answer = ended_in_an_outage(mock, driver)
        driver.close()
        other.close()
        # Once a second the library looks for messages that wait too long, and if that comes before the answer, it
        # only aborts. There a broker would find that another one has taken over, and the mock does not.
        if not answer['aborted']:
            break
    assert answer['fatal'] == 'during an outage another mcring-sink with --name one has taken over at this broker'
    assert answer['is_taken_over'] and mock.positions('one')[-2:] == ['a', 'of another']


def test_it_ends_with_an_open_transaction_whatever_the_brokers_do(lab, mock):
    driver = Driver(lab, mock.url)
    driver.produce(0, 1000)
    assert driver.close() == 0
    driver = Driver(lab, mock.url)
    driver.produce(0, 1000)
    mock.pause()
    driver.position_to('a')
    assert driver.close() == 0
    mock.go_on()


def test_a_check_only_looks(lab, mock):
    assert Driver(lab, mock.url, check='yes').position is None
    assert not mock.read('mcring-sink'), 'no topic was made'
    mock.tell('error init_producer CLUSTER_AUTHORIZATION_FAILED 1')  # who fences finds this
    one = Driver(lab, mock.url, check='yes')
    assert one.position is None
    assert Driver(lab, mock.url).failure[0] == errno.EACCES
    first = Driver(lab, mock.url)
    first.hand_over(0, 10, 'a')
    assert Driver(lab, mock.url, check='yes').position == 'a'
    assert first.hand_over(10, 10, 'b')['stored'] == 20


@pytest.mark.parametrize('key, says', [
    ('set=acks=1', '--set acks: cannot be set: a transaction needs all'),
    ('set=no.such=1', '--set: librdkafka 2.0.2 has no property "no.such"'),
    ('set=linger.ms=soon', '--set: librdkafka does not take this linger.ms: Invalid value'),
    ('set=ssl.key.pem=hidden', '--set: librdkafka does not take'),
    ('set=sasl.password', 'number 1 is none'),
    ('set=message.timeout.ms=100000', '`message.timeout.ms` must be set <= `transaction.timeout.ms`'),
    ('credentials=/x', 'sasl.username and sasl.password into a --set-file'),
    ('tls_ca=/no/such.pem', '/no/such.pem')])
def test_a_property_that_is_wrong_is_named_and_a_secret_is_not_shown(lab, key, says):
    name, value = key.split('=', 1)
    keys = {'set': ['security.protocol=ssl', value]} if name == 'set' and 'pem=' in key else {name: value}
    code, text = Driver(lab, 'kafka://127.0.0.1:9', give_up_ms=300, **keys).failure
    assert code == errno.EINVAL and says in text and 'hidden' not in text


@pytest.mark.parametrize('url, says', [
    ('kafka://', 'expected kafka://HOST:PORT'), ('kafka://a:1,', 'expected kafka://HOST:PORT'),
    ('kafka://me@127.0.0.1:9', 'there is no password')])
def test_an_address_that_is_wrong_is_said(lab, url, says):
    code, text = Driver(lab, url).failure
    assert code == errno.EINVAL and says in text


def test_no_broker_is_said_without_the_password(lab):
    code, text = Driver(lab, 'kafka://me:hid%64en@127.0.0.1:9', give_up_ms=500).failure
    assert code == errno.ETIMEDOUT and text.startswith('127.0.0.1:9: ') and 'Connection refused' in text
    assert 'hidden' not in text and 'me' not in text.split()


def test_a_broker_without_tls_is_said(lab, mock):
    code, text = Driver(lab, mock.url, set='security.protocol=ssl', give_up_ms=1000).failure
    assert code == errno.ETIMEDOUT and 'SSL' in text
