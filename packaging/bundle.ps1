# Builds the desktop bundle on Windows into dist\nnviz; not tried yet.
# Usage: powershell -File packaging\bundle.ps1 [-Gpu]
# Needs .venv: python -m venv .venv; .venv\Scripts\pip install -c constraints.txt -e .
param([switch]$Gpu)
$ErrorActionPreference = "Stop"
Set-Location (Join-Path $PSScriptRoot "..")

if ($Gpu) { $env:NNVIZ_BUNDLE_GPU = "1" }
$tools = ".venv-bundle"
if (-not (Test-Path "$tools\Scripts\pyinstaller.exe")) {
    & .venv\Scripts\python.exe -m venv --clear $tools
    $site = 'import sysconfig; print(sysconfig.get_path("purelib"))'
    $libraries = & .venv\Scripts\python.exe -c $site
    $own = & "$tools\Scripts\python.exe" -c $site
    [IO.File]::WriteAllText("$own\nnviz-venv.pth", $libraries)
    & "$tools\Scripts\python.exe" -m pip install --quiet `
        --requirement packaging\constraints-bundle.txt
}
$env:PYTHONPATH = (Get-Location).Path
& "$tools\Scripts\python.exe" -m PyInstaller --noconfirm `
    --distpath dist --workpath build\bundle packaging\bundle\nnviz.spec
if ($LASTEXITCODE) { exit $LASTEXITCODE }
& dist\nnviz\nnviz.exe --version
