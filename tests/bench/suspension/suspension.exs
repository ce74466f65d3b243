# How long GenServers take no calls while their state is changed by code_change, as release_handler does it: all are
# suspended, all are changed, all are resumed. Prints one line of JSON. Usage: elixir suspension.exs MEMBERS
defmodule Room do
  use GenServer

  def init(key), do: {:ok, %{key: key, lines: ["hello"]}}
  def handle_call(:state, _from, room), do: {:reply, room, room}
  def code_change(_old, room, _extra), do: {:ok, Map.put(room, :topic, "")}
end

[members] = System.argv()

pids =
  for at <- 1..String.to_integer(members) do
    {:ok, pid} = GenServer.start(Room, Integer.to_string(at))
    pid
  end

timed = fn act ->
  {microseconds, _} = :timer.tc(act)
  microseconds / 1000
end

kept =
  timed.(fn ->
    Enum.each(pids, &:sys.suspend(&1, :infinity))
    Enum.each(pids, &:sys.resume(&1, :infinity))
  end)

migrated =
  timed.(fn ->
    Enum.each(pids, &:sys.suspend(&1, :infinity))
    Enum.each(pids, &(:ok = :sys.change_code(&1, Room, "1", [], :infinity)))
    Enum.each(pids, &:sys.resume(&1, :infinity))
  end)

true = Enum.all?(pids, &Map.has_key?(GenServer.call(&1, :state), :topic))
IO.puts(~s({"keptMs": #{kept}, "migratedMs": #{migrated}}))
